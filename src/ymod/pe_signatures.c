/* The module pe: Authenticode signatures. "Verified" says that digests and signatures fit together;
 * nobody is trusted for it. */
#include "ype_int.h"

#include "checked.h"

#define STEPS_SHIFT 4	     /* a step buys 16 bytes of a digest */
#define STEPS_KEY (1u << 14) /* a signature's check              */

/* --- certificates --- */

YPE_MEMBER_STR(cert_thumbprint, struct ov_sign_cert, x->thumbprint)
YPE_MEMBER_STR(cert_issuer, struct ov_sign_cert, x->issuer)
YPE_MEMBER_STR(cert_subject, struct ov_sign_cert, x->subject)
YPE_MEMBER_STR(cert_algorithm, struct ov_sign_cert, x->algorithm)
YPE_MEMBER_STR(cert_oid, struct ov_sign_cert, x->algorithm_oid)
YPE_MEMBER_STR(cert_serial, struct ov_sign_cert, x->serial)
YPE_MEMBER_INT(cert_version, struct ov_sign_cert, x->version)
YPE_MEMBER_INT(cert_before, struct ov_sign_cert, x->not_before)
YPE_MEMBER_INT(cert_after, struct ov_sign_cert, x->not_after)

static YPE_CALL(valid_on)
{
	const struct ov_sign_cert *x = self->p;

	(void)env;
	(void)module;
	(void)nargs;
	if (x != NULL)
		ype_int(out, args[0].i >= x->not_before && args[0].i <= x->not_after);
	return OV_OK;
}

static const struct ov_ysig valid_on_sigs[] = { { "i", OV_Y_INT, valid_on }, YPE_SIG_END };

static const struct ov_yfield cert_fields[] = {
	{ .name = "thumbprint", .kind = OV_Y_STRING, .get = cert_thumbprint },
	{ .name = "issuer", .kind = OV_Y_STRING, .get = cert_issuer },
	{ .name = "subject", .kind = OV_Y_STRING, .get = cert_subject },
	{ .name = "version", .kind = OV_Y_INT, .get = cert_version },
	{ .name = "algorithm", .kind = OV_Y_STRING, .get = cert_algorithm },
	{ .name = "algorithm_oid", .kind = OV_Y_STRING, .get = cert_oid },
	{ .name = "serial", .kind = OV_Y_STRING, .get = cert_serial },
	{ .name = "not_before", .kind = OV_Y_INT, .get = cert_before },
	{ .name = "not_after", .kind = OV_Y_INT, .get = cert_after },
	{ .name = "valid_on", .kind = OV_Y_FUNC, .sigs = valid_on_sigs },
};
static YPE_TYPE(cert_type, "pe.certificate", cert_fields);

static YPE_AT(cert_at)
{
	const struct ov_sign_cert *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

static void give_text(struct ov_yval *out, struct ov_str s)
{
	if (s.n > 0)
		ype_str(out, s);
}

#define TEXT(name, type, expr)                                                                     \
	static YPE_GET(name)                                                                       \
	{                                                                                          \
		const type *x = self->p;                                                           \
		YPE_UNUSED();                                                                      \
		give_text(out, expr);                                                              \
		return OV_OK;                                                                      \
	}
#define CERTS(name, type, expr)                                                                    \
	static YPE_GET(name)                                                                       \
	{                                                                                          \
		const type *x = self->p;                                                           \
		YPE_UNUSED();                                                                      \
		ype_obj(out, OV_Y_ARRAY, (expr).list, 0, (expr).n);                                \
		return OV_OK;                                                                      \
	}
#define CERTS_FIELD(field, fn)                                                                     \
	{                                                                                          \
		.name = (field), .kind = OV_Y_ARRAY, .get = (fn), .item = OV_Y_STRUCT,             \
		.of = &cert_type, .at = cert_at                                                    \
	}

/* --- who signed --- */

TEXT(signer_program, struct ype_signature, x->v->program)
TEXT(signer_digest, struct ype_signature, x->v->signer_digest)
TEXT(signer_alg, struct ype_signature, x->v->signer_alg)
YPE_MEMBER_INT(signer_length, struct ype_signature, x->v->chain.n)
CERTS(signer_chain, struct ype_signature, x->v->chain)

static const struct ov_yfield signer_fields[] = {
	{ .name = "program_name", .kind = OV_Y_STRING, .get = signer_program },
	{ .name = "digest", .kind = OV_Y_STRING, .get = signer_digest },
	{ .name = "digest_alg", .kind = OV_Y_STRING, .get = signer_alg },
	{ .name = "length_of_chain", .kind = OV_Y_INT, .get = signer_length },
	CERTS_FIELD("chain", signer_chain),
};
static YPE_TYPE(signer_type, "pe.signer_info", signer_fields);

/* --- countersignatures --- */

TEXT(counter_digest, struct ov_sign_counter, x->digest)
TEXT(counter_alg, struct ov_sign_counter, x->digest_alg)
YPE_MEMBER_INT(counter_length, struct ov_sign_counter, x->chain.n)
CERTS(counter_chain, struct ov_sign_counter, x->chain)

static YPE_GET(counter_verified)
{
	const struct ov_sign_counter *x = self->p;

	YPE_UNUSED();
	ype_bool(out, x->is_verified);
	return OV_OK;
}

static YPE_GET(counter_time)
{
	const struct ov_sign_counter *x = self->p;

	YPE_UNUSED();
	if (x->has_time)
		ype_int(out, x->time);
	return OV_OK;
}

static const struct ov_yfield counter_fields[] = {
	{ .name = "verified", .kind = OV_Y_BOOL, .get = counter_verified },
	{ .name = "sign_time", .kind = OV_Y_INT, .get = counter_time },
	{ .name = "digest", .kind = OV_Y_STRING, .get = counter_digest },
	{ .name = "digest_alg", .kind = OV_Y_STRING, .get = counter_alg },
	{ .name = "length_of_chain", .kind = OV_Y_INT, .get = counter_length },
	CERTS_FIELD("chain", counter_chain),
};
static YPE_TYPE(counter_type, "pe.countersignature", counter_fields);

/* The signature that an object stands for, with its countersignatures read. */
static ov_status with_counters(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
			       struct ype_signature **out)
{
	struct ype_signature *x;
	struct ype *p;

	*out = NULL;
	OV_TRY(ype_get(env, module, &p));
	if (p == NULL || self->a >= p->nsignatures)
		return OV_OK;
	x = &p->signatures[self->a];
	if (!x->has_counters) {
		OV_TRY(ype_spend(env, STEPS_KEY));
		OV_TRY(ov_signature_counters(x->v, env->arena, &x->counters, &x->ncounters,
					     &p->is_capped));
		OV_TRY(ype_spend(env, (uint64_t)x->ncounters * STEPS_KEY));
		x->has_counters = true;
		ype_tell(env, p);
	}
	*out = x;
	return OV_OK;
}

static YPE_GET(signature_counters)
{
	struct ype_signature *x;

	OV_TRY(with_counters(env, module, self, &x));
	if (x != NULL)
		ype_obj(out, OV_Y_ARRAY, x->counters, 0, x->ncounters);
	return OV_OK;
}

static YPE_GET(signature_ncounters)
{
	struct ype_signature *x;

	OV_TRY(with_counters(env, module, self, &x));
	if (x != NULL)
		ype_int(out, x->ncounters);
	return OV_OK;
}

static YPE_AT(counter_at)
{
	const struct ov_sign_counter *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

/* --- the signature itself: self->a is its number; its own fields are those of its certificate ---
 */

#define OF_CERT(name, fn, value)                                                                   \
	static YPE_GET(name)                                                                       \
	{                                                                                          \
		const struct ype_signature *s = self->p;                                           \
		const struct ov_sign_cert *x = &s->v->chain.list[0];                               \
		YPE_UNUSED();                                                                      \
		fn(out, value);                                                                    \
		return OV_OK;                                                                      \
	}

OF_CERT(signature_thumbprint, ype_str, x->thumbprint)
OF_CERT(signature_issuer, ype_str, x->issuer)
OF_CERT(signature_subject, ype_str, x->subject)
OF_CERT(signature_algorithm, ype_str, x->algorithm)
OF_CERT(signature_oid, ype_str, x->algorithm_oid)
OF_CERT(signature_serial, ype_str, x->serial)
OF_CERT(signature_version, ype_int, x->version)
OF_CERT(signature_before, ype_int, x->not_before)
OF_CERT(signature_after, ype_int, x->not_after)
TEXT(signature_digest, struct ype_signature, x->v->digest)
TEXT(signature_alg, struct ype_signature, x->v->digest_alg)
YPE_MEMBER_INT(signature_ncerts, struct ype_signature, x->v->certs.n)
CERTS(signature_certs, struct ype_signature, x->v->certs)

static YPE_CALL(signature_valid_on)
{
	const struct ype_signature *x = self->p;
	const struct ov_yobj cert = { .p = x != NULL ? &x->v->chain.list[0] : NULL };

	return valid_on(env, module, &cert, args, nargs, out);
}

static const struct ov_ysig signature_valid_on_sigs[] = { { "i", OV_Y_INT, signature_valid_on },
							  YPE_SIG_END };

/* The digest that the file has, of the kind that was signed. Empty: it can't be told. */
static ov_status file_digest(struct ov_yenv *env, struct ype *p, struct ype_signature *x)
{
	const struct ov_exe exe = ype_exe(p);
	struct ov_sign_digest d;
	ov_status s;

	if (x->has_file_digest || !x->v->has_claim)
		return OV_OK;
	OV_TRY(ype_spend(env, env->src->size >> STEPS_SHIFT));
	s = ov_signature_digest(env->src, &exe, x->v->claim.kind, &d);
	if (s == OV_OK)
		s = ov_signature_hex(env->arena, d.bytes, d.n, &x->file_digest);
	if (s == OV_NOMEM || s == OV_LIMIT || s == OV_IO)
		return s;
	x->has_file_digest = true;
	return OV_OK;
}

static ov_status judge(struct ov_yenv *env, struct ype *p, struct ype_signature *x)
{
	if (x->is_judged)
		return OV_OK;
	OV_TRY(file_digest(env, p, x));
	OV_TRY(ype_spend(env, STEPS_KEY));
	x->is_verified = x->v->has_claim && ov_str_eq(x->file_digest, x->v->digest) &&
			 ov_signature_fits(&x->v->m, env->arena);
	x->is_judged = true;
	return OV_OK;
}

static YPE_GET(signature_verified)
{
	struct ype *p;

	OV_TRY(ype_get(env, module, &p));
	if (p == NULL || self->a >= p->nsignatures)
		return OV_OK;
	OV_TRY(judge(env, p, &p->signatures[self->a]));
	ype_bool(out, p->signatures[self->a].is_verified);
	return OV_OK;
}

static YPE_GET(signature_file_digest)
{
	struct ype *p;

	OV_TRY(ype_get(env, module, &p));
	if (p == NULL || self->a >= p->nsignatures)
		return OV_OK;
	OV_TRY(file_digest(env, p, &p->signatures[self->a]));
	give_text(out, p->signatures[self->a].file_digest);
	return OV_OK;
}

static const struct ov_yfield signature_fields[] = {
	{ .name = "thumbprint", .kind = OV_Y_STRING, .get = signature_thumbprint },
	{ .name = "issuer", .kind = OV_Y_STRING, .get = signature_issuer },
	{ .name = "subject", .kind = OV_Y_STRING, .get = signature_subject },
	{ .name = "version", .kind = OV_Y_INT, .get = signature_version },
	{ .name = "algorithm", .kind = OV_Y_STRING, .get = signature_algorithm },
	{ .name = "algorithm_oid", .kind = OV_Y_STRING, .get = signature_oid },
	{ .name = "serial", .kind = OV_Y_STRING, .get = signature_serial },
	{ .name = "not_before", .kind = OV_Y_INT, .get = signature_before },
	{ .name = "not_after", .kind = OV_Y_INT, .get = signature_after },
	{ .name = "valid_on", .kind = OV_Y_FUNC, .sigs = signature_valid_on_sigs },
	{ .name = "verified", .kind = OV_Y_BOOL, .get = signature_verified },
	{ .name = "digest", .kind = OV_Y_STRING, .get = signature_digest },
	{ .name = "digest_alg", .kind = OV_Y_STRING, .get = signature_alg },
	{ .name = "file_digest", .kind = OV_Y_STRING, .get = signature_file_digest },
	{ .name = "number_of_certificates", .kind = OV_Y_INT, .get = signature_ncerts },
	CERTS_FIELD("certificates", signature_certs),
	{ .name = "signer_info", .kind = OV_Y_STRUCT, .of = &signer_type },
	{ .name = "number_of_countersignatures", .kind = OV_Y_INT, .get = signature_ncounters },
	{ .name = "countersignatures",
	  .kind = OV_Y_ARRAY,
	  .get = signature_counters,
	  .item = OV_Y_STRUCT,
	  .of = &counter_type,
	  .at = counter_at },
	{ .name = "length_of_chain", .kind = OV_Y_INT, .get = signer_length },
	CERTS_FIELD("chain", signer_chain),
};
YPE_TYPE(ype_signature_type, "pe.signature", signature_fields);

static ov_status with_signatures(struct ov_yenv *env, unsigned module, struct ype **out)
{
	OV_TRY(ype_get(env, module, out));
	/* A header without that directory says nothing of signatures, as yara sees it. */
	if (*out != NULL && (*out)->pe.h.ndirs < OV_PE_SECURITY)
		*out = NULL;
	return *out != NULL ? ype_signatures(env, *out) : OV_OK;
}

YPE_GET(ype_get_signatures)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_signatures(env, module, &p));
	if (p != NULL)
		ype_obj(out, OV_Y_ARRAY, p->signatures, 0, p->nsignatures);
	return OV_OK;
}

YPE_AT(ype_at_signature)
{
	const struct ype_signature *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

YPE_GET(ype_get_nsignatures)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_signatures(env, module, &p));
	if (p != NULL)
		ype_int(out, p->nsignatures);
	return OV_OK;
}

YPE_GET(ype_get_is_signed)
{
	bool is = false;
	struct ype *p;

	(void)self;
	OV_TRY(with_signatures(env, module, &p));
	if (p == NULL)
		return OV_OK;
	for (uint32_t i = 0; i < p->nsignatures && !is; i++) {
		OV_TRY(judge(env, p, &p->signatures[i]));
		is = p->signatures[i].is_verified;
	}
	ype_bool(out, is);
	return OV_OK;
}
