/* PDF: what the reader of objects (pdf_object.c, pdf_lex.c) tells the format (pdf.c). */
#ifndef OV_PDF_INT_H
#define OV_PDF_INT_H

#include "format.h"
#include "window.h"

#define OV_PDF_FILTERS 16 /* in one chain; longer ones are noted */
#define OV_PDF_STRINGS 64 /* scripts in one object; more are noted */
#define OV_PDF_WORD 64

enum ov_pdf_kind {
	OV_PDF_EOF,
	OV_PDF_NAME,
	OV_PDF_STRING, /* off, n: what stands between the parentheses  */
	OV_PDF_HEX,    /* off, n: what stands between the brackets     */
	OV_PDF_WORD_TOKEN,
	OV_PDF_OPEN, /* << [ { */
	OV_PDF_CLOSE /* >> ] } */
};

struct ov_pdf_token {
	enum ov_pdf_kind kind;
	char text[OV_PDF_WORD]; /* names (decoded) and words, cut to fit; NUL behind */
	bool is_escaped;	/* a name with #xx                                   */
	uint8_t bracket;	/* OPEN and CLOSE                                    */
	uint64_t off, n;
};

struct ov_pdf_lex {
	struct ov_window w;	 /* of the search for objects                        */
	struct ov_window tokens; /* of the reader of tokens: each goes forward        */
	struct ov_cur c;	 /* a view; `base` offset in the file: `at`           */
	uint64_t at;
	uint64_t budget; /* bytes that may still be looked at, in all         */
	/* The first "endstream" from stream_from on. */
	uint64_t stream_from, stream_end;
	bool has_stream_end;
	bool is_over;	       /* it is spent                                       */
	uint64_t begins, ends; /* "obj" and "endobj" that were met                 */
};

/** Starts over `src`. */
OV_MUST_USE ov_status ov_pdf_lex_init(struct ov_pdf_lex *l, const struct ov_src *src,
				      struct ov_arena *a);
void ov_pdf_lex_seek(struct ov_pdf_lex *l, uint64_t to);
uint64_t ov_pdf_lex_at(const struct ov_pdf_lex *l);
/** Next token; EOF at the end, or when the budget is spent. @return OV_OK; OV_IO. */
OV_MUST_USE ov_status ov_pdf_lex_next(struct ov_pdf_lex *l, struct ov_pdf_token *t);
/** Finds `word` from *at on, within [*at, end). *at moves onto it, or to `end`. */
OV_MUST_USE ov_status ov_pdf_find(struct ov_window *w, uint64_t *at, uint64_t end, const char *word,
				  bool *found);

enum ov_pdf_filter {
	OV_PDF_ASCIIHEX,
	OV_PDF_ASCII85,
	OV_PDF_LZW,
	OV_PDF_FLATE,
	OV_PDF_RUNS,
	OV_PDF_PICTURE, /* DCT, JPX, JBIG2, CCITT: passed on as they are */
	OV_PDF_CRYPT,
	OV_PDF_UNKNOWN
};

struct ov_pdf_string {
	uint64_t off, n;
	bool is_hex;
};

struct ov_pdf_object {
	uint64_t number;
	enum ov_pdf_filter filters[OV_PDF_FILTERS];
	unsigned nfilters;
	char unknown[OV_PDF_WORD];
	bool has_more_filters, has_more_strings;
	bool is_late; /* LZW: EarlyChange 0 */
	uint64_t predictor, columns, colors, bits;
	bool has_length, is_objstm, is_image, is_obfuscated, has_encrypt, is_trailer;
	uint64_t length;
	struct ov_pdf_string strings[OV_PDF_STRINGS]; /* of scripts */
	unsigned nstrings;
	bool has_stream;
	uint64_t off, n;   /* the stream's raw bytes */
	bool has_end;	   /* a mark or a length tells its end */
	bool is_broken;	   /* it never ends, or its stream's beginning is not there */
	bool names_length; /* as a number, or an object that is one */
	bool has_version;  /* /V: in a dictionary of encryption */
	bool has_string;   /* long enough to hold another object    */
	bool is_elsewhere; /* its filters are those that another object names       */
	uint64_t file;	   /* EF: the object that holds the file's bytes, 0: none */
	struct ov_pdf_string file_name;
};

/**
 * Reads the object or trailer at or after *at; *at moves to where the next may begin.
 * @return OV_OK; OV_END; OV_LIMIT when the lexer's budget is spent; OV_IO.
 */
OV_MUST_USE ov_status ov_pdf_object(struct ov_pdf_lex *l, uint64_t *at, struct ov_pdf_object *o);

/** Scripts in the text of an object stream: every /JS string, wherever it stands. As above. */
OV_MUST_USE ov_status ov_pdf_scripts(struct ov_pdf_lex *l, struct ov_pdf_object *o);

#endif
