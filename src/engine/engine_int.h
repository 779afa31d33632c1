/*
 * What the engine's files share. Nothing outside src/engine includes this.
 *
 *   engine.c   the walk: a stack of layers, no recursion        wake.c    pass 1: which rules could
 * match layer.c    a layer's bytes, type, facts and digests         rules.c   pass 2: patterns,
 * conditions, detections budget.c   one budget for a file and all inside it          place.c where
 * a subsignature may start report.c   detections and incomplete parts                  compare.c
 * byte comparisons  views.c  normalised forms of text and HTML
 */
#ifndef OV_ENGINE_INT_H
#define OV_ENGINE_INT_H

#include "engine.h"

#include "arena.h"
#include "buf.h"
#include "exe.h"
#include "finder.h"
#include "format.h"
#include "icon.h"
#include "settings.h"

#define OV_ENGINE_MAGIC 0x4f56454eu /* "OVEN" */

#define OV_WHOLE_MAX ((uint64_t)32 << 20) /* files up to this are read into memory as a whole */
#define OV_WINDOW ((size_t)1 << 20)	  /* larger ones are matched in windows of this           */
#define OV_WINDOW_OVERLAP ((size_t)16)	  /* a gram key may straddle two windows                  */
#define OV_PIECE ((size_t)4 << 20)	  /* what lies beyond max_kept is matched in such pieces  */
#define OV_PIECE_OVERLAP ((size_t)64 << 10)
#define OV_NODE_ARENA ((size_t)64 << 20) /* budget of one layer's parser state */
#define OV_REPORT_ARENA ((size_t)16 << 20)
#define OV_YARA_ARENA ((size_t)192 << 20) /* of a report that lists matches of YARA's strings */
#define OV_HANDLERS 8u /* types that rules may ask for one layer to be read as; more are told */
#define OV_CODEC_MEMORY ((uint64_t)192 << 20)

/* One layer on the stack, from its bytes being there to its last part being done. */
struct ov_node_icon {
	struct ov_icon icon;
	uint64_t at; /* in the layer */
};

struct ov_node {
	struct ov_src src;
	enum ov_type type;
	enum ov_type parent_type; /* OV_T_ANY for the file itself */
	struct ov_node *parent;	  /* the frame below, NULL for the file itself */
	struct ov_str name;	  /* in the report's arena */
	uint32_t depth;
	bool is_carved, is_rescan;
	bool is_searched;   /* a carver went through these bytes as part of a layer around them */
	struct ov_buf data; /* bytes of an unpacked layer; reused by later layers at this depth */
	struct ov_arena arena; /* parser state; reset when the layer is done */
	bool has_digest[OV_DIGEST_KINDS];
	uint8_t digest[OV_DIGEST_KINDS][OV_DIGEST_MAX];
	struct ov_exe exe;
	bool has_exe;
	int image; /* 0 not asked, 1 image_hash is the picture's, -1 it has none */
	uint64_t image_hash;
	struct ov_node_icon *icons; /* its icons that have a hash, when has_icons */
	size_t nicons;
	bool has_icons; /* they were read */
	int trusted;	/* 0 not asked, 1 signed by somebody whom the database trusts, -1 not */
	int allowed;	/* 0 not asked, 1 on the allow list (itself or an ancestor), -1 not */
	const struct ov_format *format; /* being opened, else NULL */
	void *state;
	uint32_t noted;	     /* reasons that its format gave, one bit each */
	uint64_t match_size; /* bytes of it that the budget lets be matched */
	bool is_cut;	     /* not all of it is matched, or a view was not made of all */
	bool carve_done;
	enum ov_type handlers[OV_HANDLERS]; /* types that rules asked for it to be read as */
	uint8_t nhandlers;
	enum ov_type hint;	 /* what its container says it is, else 0 */
	bool is_mail_text;	 /* text of a mail: its links are looked at */
	struct ov_node *view_of; /* this is a normalised view of that layer, else NULL */
	enum overt_view view;
	bool sees_raw_size;		   /* a view: FileSize is that of the layer itself       */
	struct ov_report_detection **seen; /* the layer's detections begin here: with views, a rule
					      counts once */
};

/* Normalised forms of a layer; buffers used again for the next one. */
struct ov_views {
	struct ov_buf bytes, text, tags, scripts;
	struct ov_norm_script *script;
	bool is_cut; /* not made of the whole layer */
};

struct ov_budget {
	const struct ov_limits *l;
	uint64_t total, files, unpacked, root_size;
	uint64_t start_ns, deadline_ns;
	bool is_cut_by_total; /* the last cut was by the bytes of all layers, not of this one */
	bool is_spent;	      /* nothing more may be unpacked from this file */
};

struct ov_pcre_cache;
struct ov_members;
struct ov_macros;
struct ov_trust;
struct ov_winnow;

/* Rules are verified when they are first needed: see ov_odb_check_rule(). */
enum ov_soundness { OV_SOUND_UNKNOWN = 0, OV_SOUND_YES, OV_SOUND_NO };

/* What is remembered of a rule that was looked at: its soundness, and what spares decoding it. The
 * others are known before it is verified; of a broken rule they say anything. */
enum ov_trait {
	OV_TRAIT_SOUNDNESS = 3,	  /* enum ov_soundness */
	OV_TRAIT_ASKS_FACTS = 4,  /* of size, sections, entry point or what is around the layer */
	OV_TRAIT_ONE_PATTERN = 8, /* its one subsignature is a pattern, which must be there */
	OV_TRAIT_ANY_TARGET = 16,
	OV_TRAIT_KNOWN = 32
};
struct ov_phish_db;
struct ov_yara;

/* A woken rule, and what woke it. */
#define OV_WOKEN_NO_SUB 0xffffu
struct ov_woken {
	uint32_t rule;
	uint32_t part; /* of that subsignature's pattern; OV_ODB_NO_PART: not known */
	uint16_t sub;  /* of the rule; OV_WOKEN_NO_SUB: no anchor did               */
};

/* An anchor that was met, until its rule is looked at. */
struct ov_met {
	struct ov_odb_anchor a;
	uint32_t ahead; /* of ov_winnow_ask_ahead() */
	uint64_t at;
};

struct ov_engine {
	uint32_t magic;
	const struct ov_odb *db;
	struct ov_finder *finder;
	struct ov_hasher *hasher[OV_DIGEST_KINDS];
	struct ov_pcre_cache *pcre;
	struct ov_settings settings; /* the database's */
	struct ov_members *members;  /* NULL: no container signatures */
	struct ov_macros *macros;    /* NULL until a macro is met */
	struct ov_trust *trust;	     /* NULL: the database speaks of no publisher */
	struct ov_phish_db *phish;   /* made when the first link is looked at */
	struct ov_yara *yara;	     /* NULL: no YARA rules */
	uint8_t
	    *settled; /* a layer's state of ov_gram_wake(), large enough for each target's table */
	uint32_t *woken_in; /* per rule: the generation that last looked at it */
	uint8_t *traits;    /* per rule: enum ov_trait, 0: not looked at yet */
	uint32_t touches;   /* pages of the database looked at since trim() */
	uint32_t nchecked;  /* rules that this file was the first to look at */
	void (*trim)(void *ctx);
	void *trim_ctx;
	bool is_damaged; /* a rule of the database turned out broken: no verdict is one */
	uint32_t generation;
	struct ov_rule_cost *costs;	      /* per rule; NULL: not counted */
	uint64_t cost_bytes[OV_TARGET_COUNT]; /* that each target's table was run over */
	uint64_t cost_layers; /* bytes of layers, views not counted: what YARA rules see */
	uint8_t *leads; /* per rule, for triage.c: two subsignatures plus one, 0: not chosen yet */
	struct ov_winnow *winnow;
	struct ov_woken *woken; /* rules of this layer that may match */
	uint32_t nwoken;
	uint64_t search_steps; /* that are left for this layer's searches */
	struct ov_buf window;  /* OV_WINDOW + overlap, or a whole file up to OV_WHOLE_MAX */
	struct ov_buf piece;
	struct ov_views views;
	struct ov_node *nodes;	 /* OV_LAYER_DEPTH_MAX + 1 frames */
	struct ov_arena scratch; /* one layer's rule evaluation */
	struct ov_arena report_arena;
	struct ov_report report;
	struct ov_report_detection **detection_tail, **reported_tail;
	struct ov_report_detection *held, **held_tail; /* heuristics, until the file is done */
	uint32_t nheld;
	struct ov_report_detection *limit; /* told when there is nothing else to tell */
	struct ov_report_incomplete **incomplete_tail;
	const struct ov_scan_options *o;
	struct ov_budget budget;
	bool is_done; /* first detection found and nobody wants more */
};

/* budget.c */
void ov_budget_start(struct ov_budget *b, const struct ov_limits *l, uint64_t root_size);
/* How many of `want` bytes may still be matched; less than `want` means: note a limit with *reason.
 */
uint64_t ov_budget_bytes(struct ov_budget *b, uint64_t want, enum overt_reason *reason);
/* Counts unpacked bytes. @return false with *reason when the ratio or the total is spent. */
bool ov_budget_unpacked(struct ov_budget *b, uint64_t n, enum overt_reason *reason);
bool ov_budget_file(struct ov_budget *b);
/* A stream gave n more bytes after the engine waited for its writer: neither counts against its
 * time. */
void ov_budget_more_input(struct ov_budget *b, uint64_t n, uint64_t waited_ns);
bool ov_budget_late(const struct ov_budget *b);
uint64_t ov_now_ns(void);

/* report.c */
void ov_report_begin(struct ov_engine *e);
/* `member` may be empty: the layer itself. Never fails: what can't be stored is still counted. */
void ov_report_incomplete(struct ov_engine *e, struct ov_node *n, enum overt_reason r,
			  struct ov_str member, const char *detail);
enum overt_reason ov_reason_of(ov_status s);
/* Why a part was unpacked in part only, in words. */
const char *ov_fill_text(ov_status s, enum overt_reason why);
OV_MUST_USE ov_status ov_report_detection(struct ov_engine *e, struct ov_node *n,
					  const struct ov_report_detection *d);
/* As ov_report_detection, but it counts only when the file is done and nothing else was found (or
 * all matches are asked for). */
OV_MUST_USE ov_status ov_report_held(struct ov_engine *e, struct ov_node *n,
				     const struct ov_report_detection *d);
/* As ov_report_held, for the one that counts only when nothing else does. */
OV_MUST_USE ov_status ov_report_limit(struct ov_engine *e, struct ov_node *n,
				      const struct ov_report_detection *d);
/* The file is done: held detections come out. */
void ov_report_release(struct ov_engine *e);

/*
 * heuristic.c: a heuristic of ClamAV's. `alert`: OV_ALWAYS or a number of enum overt_alert that
 * must be asked for. `name`: with "Heuristics."; copied.
 */
OV_MUST_USE ov_status ov_heuristic(struct ov_engine *e, struct ov_node *n, int alert,
				   const char *name);
/* What a note of something not scanned says besides: encrypted parts, limits. */
OV_MUST_USE ov_status ov_heuristic_note(struct ov_engine *e, struct ov_node *n,
					enum overt_reason r);
/* structured.c: numbers of cards and of people, in text. */
OV_MUST_USE ov_status ov_structured(struct ov_engine *e, struct ov_node *n);
/* What a layer's own bytes say: broken programs and pictures, structured data. */
OV_MUST_USE ov_status ov_heuristic_layer(struct ov_engine *e, struct ov_node *n);
static inline bool ov_is_on(const struct ov_engine *e, enum overt_feature f)
{
	return ((e->o->features_off | e->settings.features_off) >> f & 1) == 0;
}

/* switches.c: the severities, one bit each, that count as detections, and those that are looked for
 * at all. */
uint64_t ov_detected_severities(const struct ov_engine *e);
uint64_t ov_wanted_severities(const struct ov_engine *e);

/* engine.c: a rule, or a database's magic, asks for the layer to be read as `t` as well. */
void ov_layer_read_as(struct ov_engine *e, struct ov_node *n, enum ov_type t);

/* switches.c: whether a signature of that name counts, and whether a layer is to be opened (if not,
 * the reason is noted). */
bool ov_name_counts(const struct ov_engine *e, struct ov_str name);
bool ov_may_open(struct ov_engine *e, struct ov_node *n);

/* layer.c */
OV_MUST_USE ov_status ov_layer_digest(struct ov_engine *e, struct ov_node *n,
				      enum ov_digest_kind k);
/* True when the layer or one around it is on the allow list. */
bool ov_layer_allowed(struct ov_engine *e, struct ov_node *n);
OV_MUST_USE ov_status ov_layer_hashes(struct ov_engine *e, struct ov_node *n);
void ov_layer_classify(struct ov_engine *e, struct ov_node *n);
/* magic_types.c: sets n->handler when a database declares the type of what overt does not know. */
void ov_layer_magic(const struct ov_engine *e, struct ov_node *n, struct ov_cur head);

/* wake.c: see ov_engine_on_touches(). */
void ov_touch(struct ov_engine *e, uint32_t pages);
/* A file begins or is done. */
void ov_touch_end(struct ov_engine *e);

/** wake.c: whether a rule may be used; a broken one makes the whole scan fail. */
bool ov_rule_is_sound(struct ov_engine *e, uint32_t id);
/** wake.c: a rule's enum ov_trait, id below nrules; its soundness is not asked for by this. */
uint8_t ov_rule_traits(struct ov_engine *e, uint32_t id);

/* wake.c: fills e->woken with the target's rules (those for any included) for this layer or view.
 */
OV_MUST_USE ov_status ov_wake(struct ov_engine *e, struct ov_node *n, enum ov_target t);

/* views.c: matches a layer's bytes and, where its type has them, their normalised views. */
OV_MUST_USE ov_status ov_views_match(struct ov_engine *e, struct ov_node *n);
/* The target whose rules see a layer's bytes as they are. */
enum ov_target ov_raw_target(const struct ov_node *n);
OV_MUST_USE ov_status ov_views_init(struct ov_views *v);
void ov_views_free(struct ov_views *v);

/* members.c: holds a part of layer `n` against the container signatures. */
OV_MUST_USE ov_status ov_members_check(struct ov_engine *e, struct ov_node *n,
				       const struct ov_child *c);

/* wake.c: a rule took so much work, when that is counted. */
static inline void ov_add_work(struct ov_engine *e, uint32_t rule, uint64_t work)
{
	if (e->costs != NULL)
		e->costs[rule].work += work;
}

/* winnow.c: drops woken rules that lack what they need; triage.c does so with more care. */
OV_MUST_USE ov_status ov_winnow_new(struct ov_winnow **out);
void ov_winnow_free(struct ov_winnow **w);
/* A layer or view begins, whose bytes are n->src up to n->match_size. */
void ov_winnow_begin(struct ov_engine *e);
/*
 * Could a rule that is about to wake hold in this layer? It need not be verified yet: of a broken
 * one anything may be said. `met`: the subsignature whose anchor was met, else UINT32_MAX.
 */
bool ov_winnow_keeps(struct ov_engine *e, const struct ov_node *n, uint32_t id, uint32_t met);
/* Asks the memory for what ov_winnow_keeps() will look at; stages 0 to 5, in order. */
void ov_winnow_ask_ahead(const struct ov_engine *e, struct ov_met *m, uint32_t stage);
/* Where the layer's grams stand, for the finder; NULL: not known. */
const struct ov_places *ov_winnow_places(const struct ov_engine *e);
OV_MUST_USE ov_status ov_winnow(struct ov_engine *e, struct ov_node *n);

/* yara.c: a layer's YARA rules; nothing when there are none, or when the file is done. */
OV_MUST_USE ov_status ov_yara_layer(struct ov_engine *e, struct ov_node *n);
OV_MUST_USE ov_status ov_yara_new(const struct ov_yimage *y, struct ov_yara **out);
void ov_yara_free(struct ov_yara **y);
OV_MUST_USE ov_status ov_yara_count_costs(struct ov_engine *e);

/* triage.c: drops woken rules that can't hold. */
OV_MUST_USE ov_status ov_triage(struct ov_engine *e, struct ov_node *n);

/* rules.c: evaluates the woken rules, reports detections. */
OV_MUST_USE ov_status ov_rules_evaluate(struct ov_engine *e, struct ov_node *n);

/* place.c: ranges of starts for a place in this layer. *nranges 0 with OV_END: it can't be
 * anywhere. */
OV_MUST_USE ov_status ov_place_resolve(const struct ov_node *n, const struct ov_place *p,
				       struct ov_arena *a, struct ov_range **ranges,
				       size_t *nranges);
/* The same for places with one start and no shift. @return OV_OK or OV_END. */
OV_MUST_USE ov_status ov_place_exact(const struct ov_node *n, const struct ov_place *p,
				     uint64_t *at);

/* compare.c: ClamAV byte comparison at `base` (offset of the last match of its reference). */
bool ov_compare_holds(const struct ov_src *src, const struct ov_compare *c, uint64_t base);

#endif
