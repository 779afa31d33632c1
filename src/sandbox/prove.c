/*
 * `overt prove`: a real worker behind its real jail for each attempt, and what came of it. The
 * worker's word counts only where it is against us: "it worked" is believed, a refusal is its
 * errno, and a death is what the kernel tells.
 */
#include "overt/database.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "broker_int.h"
#include "prove_int.h"

#define ATTEMPT_MS 20000
#define HOW_MAX 96

const char *ov_attempt_name(unsigned i)
{
	static const char *const names[OV_ATTEMPTS] = {
#define OV_ATTEMPT(fn, what) what,
#include "attempts.def"
#undef OV_ATTEMPT
	};

	return i < OV_ATTEMPTS ? names[i] : NULL;
}

struct proving {
	struct overt_attempt attempts[OV_ATTEMPTS];
	char how[OV_ATTEMPTS][HOW_MAX];
	struct overt_mechanism mechanisms[OV_JAIL_PARTS];
	struct ov_jail_report jail;
	char kernel[256];
	size_t nrefused;
};

/* Which mechanism an errno speaks for: the outermost that is active and answers so. */
static const char *refuser(const struct ov_jail_report *r, int error)
{
	if (error == EPERM && r->part[OV_JAIL_SECCOMP].state == OV_JAIL_ACTIVE)
		return "seccomp";
	if (error == EACCES && r->part[OV_JAIL_LANDLOCK].state != OV_JAIL_ABSENT)
		return "Landlock";
	if (error == ENOENT && r->part[OV_JAIL_EMPTY_ROOT].state == OV_JAIL_ACTIVE)
		return "the empty root folder";
	if (error == ENETUNREACH && r->part[OV_JAIL_NAMESPACES].state == OV_JAIL_ACTIVE)
		return "the network namespace";
	return "the kernel";
}

static void note_errno(struct proving *p, unsigned i, uint32_t error)
{
	const char *name = error < 4096 ? strerrorname_np((int)error) : NULL;

	p->attempts[i].refused = error != 0;
	if (error == 0)
		(void)snprintf(p->how[i], HOW_MAX, "IT WORKED: not confined");
	else
		(void)snprintf(p->how[i], HOW_MAX, "refused by %s (%s)",
			       refuser(&p->jail, (int)error),
			       name != NULL ? name : "unknown error");
}

static void note_death(struct proving *p, unsigned i, struct ov_session *s)
{
	char why[OV_CHILD_TEXT] = "";
	const int sig = ov_child_end(&s->child, why);

	p->attempts[i].refused = sig == SIGSYS;
	if (sig == SIGSYS)
		(void)snprintf(p->how[i], HOW_MAX, "refused by seccomp (killed)");
	else
		(void)snprintf(p->how[i], HOW_MAX, "not clear: the worker ended, %.60s", why);
}

static ov_status ask(struct ov_session *s, unsigned i)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);

	OV_TRY(ov_wire_put_u32(&b, i));
	return ov_link_send(&s->child.link, OV_WIRE_ATTEMPT, i, ov_buf_cur(&b), NULL, 0, true);
}

/* A death must come by the kernel's hand: the socket is read until it closes, and only then is the
 * process ended. */
static enum overt_status attempt(const struct overt_options *o, struct proving *p, unsigned i,
				 char error[OV_ERROR_MAX])
{
	struct ov_session s;
	struct ov_arrival m;
	enum overt_status st = ov_session_open(o, OV_ROLE_PROVE, 0, ATTEMPT_MS, &s, error);
	uint32_t result;
	ov_status got;

	if (st != OVERT_OK)
		return st;
	p->jail = s.jail;
	p->attempts[i].what = ov_attempt_name(i);
	p->attempts[i].how = p->how[i];
	got = ask(&s, i);
	if (got == OV_OK)
		got = ov_session_recv(&s, &m);
	if (got == OV_OK) {
		if (m.kind != OV_WIRE_ATTEMPTED || ov_wire_get_u32(&m.body, &result) != OV_OK)
			st = ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
		else
			note_errno(p, i, result);
	} else {
		note_death(p, i, &s);
	}
	ov_session_close(&s);
	p->nrefused += p->attempts[i].refused != 0;
	return st;
}

static void note_mechanisms(const struct overt_options *o, struct proving *p)
{
	char unused[OV_ERROR_MAX];
	struct utsname u;

	for (int i = 0; i < OV_JAIL_PARTS; i++)
		p->mechanisms[i] =
		    (struct overt_mechanism){ .name = ov_jail_part_name((enum ov_jail_part)i),
					      .state = p->jail.part[i].text,
					      .active = p->jail.part[i].state != OV_JAIL_ABSENT };
	if (uname(&u) == 0)
		(void)snprintf(p->kernel, sizeof p->kernel, "%.64s %.64s %.64s", u.sysname,
			       u.release, u.machine);
	(void)ov_jail_may_serve(o, &p->jail, true, unused); /* for its warnings: it did serve */
}

enum overt_status overt_prove(const struct overt_options *o, overt_proof_fn fn, void *context,
			      char error[OV_ERROR_MAX])
{
	struct proving *p = calloc(1, sizeof *p);
	enum overt_status st = OVERT_OK;
	struct overt_proof proof;

	error[0] = '\0';
	if (o == NULL || fn == NULL) {
		free(p);
		return ov_fail(error, OVERT_BAD_ARGUMENT, "no options were given");
	}
	if (p == NULL)
		return ov_fail(error, OVERT_NO_MEMORY, "out of memory");
	for (unsigned i = 0; i < OV_ATTEMPTS && st == OVERT_OK; i++)
		st = attempt(o, p, i, error);
	if (st == OVERT_OK) {
		note_mechanisms(o, p);
		proof = (struct overt_proof){ .attempts = p->attempts,
					      .nattempts = OV_ATTEMPTS,
					      .nrefused = p->nrefused,
					      .mechanisms = p->mechanisms,
					      .nmechanisms = OV_JAIL_PARTS,
					      .kernel = p->kernel };
		fn(context, &proof);
	}
	free(p);
	return st;
}
