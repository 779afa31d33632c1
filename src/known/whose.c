/* Evidence of engines, weighed. */
#include "whose.h"

enum { HAND_NAMES = 1, HAND_TEXTS = 2, HAND_CONSTANTS = 4, HAND_NOTES = 8 };

const char *ov_relation_name(enum ov_relation r)
{
	static const char *const names[OV_RELATIONS] = { "is", "contains", "uses", "may contain",
							 "mentions" };

	return (unsigned)r < OV_RELATIONS ? names[r] : "unknown";
}

struct ov_str ov_whose_packer(const struct ov_inv_component *c)
{
	for (uint32_t i = 0; i < c->nevidence; i++)
		if (c->evidence[i].kind == OV_EV_PACKER)
			return c->evidence[i].value;
	return (struct ov_str){ .p = "", .n = 0 };
}

struct weight {
	unsigned hands, texts, imports;
	bool is_own, is_needed, has_record, has_altered;
};

static void weigh(const struct ov_inv_evidence *e, struct weight *w)
{
	switch (e->kind) {
	case OV_EV_SYMBOL:
		if (ov_str_is(e->detail, "defined"))
			w->hands |= HAND_NAMES;
		else if (ov_str_is(e->detail, "imported"))
			w->imports++;
		break;
	case OV_EV_SONAME:
		w->is_own |= ov_str_is(e->detail, "own");
		w->is_needed |= ov_str_is(e->detail, "needed");
		break;
	case OV_EV_STRING:
		if (++w->texts >= 2)
			w->hands |= HAND_TEXTS;
		break;
	case OV_EV_CONSTANT:
		w->hands |= HAND_CONSTANTS;
		break;
	case OV_EV_PACKAGE_NOTE:
	case OV_EV_GO_MODULE:
	case OV_EV_RUST_CRATE:
		w->hands |= HAND_NOTES;
		break;
	case OV_EV_FIELD: /* a path that the compiler left: "/yara-x-1.20.0/src" */
		if (ov_str_is(e->detail, "version behind it"))
			w->hands |= HAND_NOTES;
		break;
	case OV_EV_CARRIER:
		w->has_record |= ov_str_is(e->detail, "whole");
		w->has_altered |= ov_str_is(e->detail, "altered");
		break;
	default:
		break;
	}
}

static void weigh_all(const struct ov_inv_component *c, struct weight *w)
{
	for (uint32_t i = 0; c != NULL && i < c->nevidence; i++)
		weigh(&c->evidence[i], w);
}

static void judge(struct ov_whose *x)
{
	struct weight w = { .hands = 0 };
	bool is_sure;

	weigh_all(x->component, &w);
	weigh_all(x->note, &w);
	is_sure = w.has_record || (w.hands & (w.hands - 1)) != 0; /* two hands */
	if (x->component->what == OV_WHAT_ENGINE && x->component->state == OV_STATE_NAMED) {
		x->relation = w.has_record ? OV_REL_MAY_CONTAIN : OV_REL_MENTIONS;
		x->grade = w.has_record ? OV_E2 : OV_E0;
	} else if (w.is_own) {
		x->relation = OV_REL_IS;
		x->grade = w.hands != 0 || w.has_record ? OV_E3 : OV_E2;
	} else if (is_sure) {
		x->relation = OV_REL_CONTAINS;
		x->grade = OV_E3;
	} else if (w.is_needed || w.imports > 0) {
		x->relation = OV_REL_USES;
		x->grade = w.is_needed && w.imports > 0 ? OV_E3 : OV_E2;
	} else {
		x->relation = OV_REL_MAY_CONTAIN;
		x->grade = w.hands != 0 ? OV_E2 : OV_E1;
	}
}

static bool same_path(const struct ov_inv_component *a, const struct ov_inv_component *b)
{
	if (a->npath != b->npath)
		return false;
	for (uint32_t i = 0; i < a->npath; i++)
		if (!ov_str_eq(a->path[i], b->path[i]))
			return false;
	return true;
}

/* A note of the engine inside the same program. At most a few hundred are in one. */
static const struct ov_inv_component *note_of(const struct ov_inv_component *const *notes,
					      size_t nnotes, const struct ov_whose *x)
{
	for (size_t i = 0; i < nnotes; i++)
		if (&ov_known_engines[ov_known_by_name(notes[i]->name)] == x->engine &&
		    same_path(notes[i], x->component))
			return notes[i];
	return NULL;
}

static int engine_of(const struct ov_inv_component *c)
{
	for (size_t i = 0; c->what == OV_WHAT_ENGINE && i < ov_known_nengines; i++)
		if (ov_str_is(c->name, ov_known_engines[i].id))
			return (int)i;
	return -1;
}

struct sorted { /* an inventory's components, by what they are to us */
	const struct ov_inv_component **engines, **notes;
	size_t nengines, nnotes;
};

static ov_status sort(const struct ov_inventory *inv, struct ov_arena *a, struct sorted *s,
		      struct ov_whose_result *r)
{
	OV_TRY(ov_arena_array(a, inv->ncomponents, &s->engines));
	OV_TRY(ov_arena_array(a, inv->ncomponents, &s->notes));
	OV_TRY(ov_arena_array(a, inv->ncomponents, &r->packed));
	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		const struct ov_inv_component *c = &inv->components[i];

		if (engine_of(c) >= 0)
			s->engines[s->nengines++] = c;
		else if (c->what == OV_WHAT_EMBEDDED && ov_known_by_name(c->name) >= 0)
			s->notes[s->nnotes++] = c;
		r->programs += c->what == OV_WHAT_PROGRAM || c->what == OV_WHAT_DRIVER;
		if (ov_whose_packer(c).n > 0)
			r->packed[r->npacked++] = c;
	}
	return OV_OK;
}

static bool is_told(const struct ov_whose_result *r, const struct ov_inv_component *note)
{
	for (size_t i = 0; i < r->nfound; i++)
		if (r->found[i].note == note ||
		    (same_path(r->found[i].component, note) &&
		     r->found[i].engine == &ov_known_engines[ov_known_by_name(note->name)]))
			return true;
	return false;
}

ov_status ov_whose_judge(const struct ov_inventory *inv, struct ov_arena *a,
			 struct ov_whose_result *out)
{
	struct ov_whose_result r = { .nfound = 0 };
	struct sorted s = { .nengines = 0 };

	OV_TRY(sort(inv, a, &s, &r));
	OV_TRY(ov_arena_array(a, s.nengines + s.nnotes, &r.found));
	for (size_t i = 0; i < s.nengines; i++) {
		struct ov_whose *x = &r.found[r.nfound++];

		*x = (struct ov_whose){ .component = s.engines[i],
					.engine = &ov_known_engines[engine_of(s.engines[i])],
					.version = s.engines[i]->version };
		x->note = note_of(s.notes, s.nnotes, x);
		if (x->version.n == 0 && x->note != NULL)
			x->version = x->note->version;
		judge(x);
	}
	for (size_t i = 0; i < s.nnotes; i++) {
		struct ov_whose *x = &r.found[r.nfound];

		if (is_told(&r, s.notes[i]))
			continue;
		r.nfound++;
		*x = (struct ov_whose){ .component = s.notes[i],
					.engine =
					    &ov_known_engines[ov_known_by_name(s.notes[i]->name)],
					.version = s.notes[i]->version };
		judge(x);
	}
	*out = r;
	return OV_OK;
}
