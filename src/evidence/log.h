/* The tamper-evident log in the database (docs/protocol/log.md): pending entries, their order in the tree, heads,
 * proofs.
 *
 * An act writes its entry as pending in its own transaction: log_act_init() before it (salt, digests, sealing),
 * log_append() as the last thing in it. One sequencer calls log_sequence() again and again: it fetches the status of
 * each act's certificate, puts the entries into the tree in the order of arrival, and has the new head signed. Nothing
 * here knows who signs or answers: struct log_service. Entries are never changed after that; log_check.h proves it.
 *
 * Borrowed: all spans and texts of struct log_what until log_act_init returns, sig, cert and status until the write is
 * done. */
#pragma once
#include "base/clock.h"
#include "evidence/head.h"
#include "evidence/leaf.h"
#include "evidence/limits.h"
#include "evidence/tree.h"
#include "store/field.h"
#include "store/store.h"

enum {
	LOG_STATEMENT_MAX = LIMIT_STATEMENT,
	LOG_OCSP_MAX = 8192,
	LOG_STAMP_MAX = 16384,
	LOG_KEY_PARTS = 4,
	LOG_BATCH = 256
};

/* --- writing --- */

/* Rows that the act's transaction has written, named at its end; their contents are read when the entry is appended. */
enum log_cover_kind {
	LOG_COVER_ROW,  /* the one of that key; one that is gone is covered as such */
	LOG_COVER_ROWS, /* all that a statement gives */
	LOG_COVER_NEW,  /* of these the ones that no entry covers yet */
	/* of the keys that a statement gives, covered once, those no longer there; its last argument is the digest of a
	 * row that is gone. NULL: keys that begin so */
	LOG_COVER_GONE,
};
struct log_table;
struct log_cover {
	const struct log_table *table; /* of log_table.h */
	enum log_cover_kind kind;
	const char *statement;
	struct sql_arg arg[LOG_KEY_PARTS];
	size_t n;
};
struct log_what {
	const char *kind, *subject;
	const char *rule; /* NULL or "" for a person's signed act; else the timer's or rule's name */
	int64_t time;
	struct span statement; /* signed text; for a rule: what it did, any text; may be empty */
	struct span sig, cert; /* both or neither; DER of the certificate */
	struct span status;    /* the OCSP answer by which the act was let in (standing.h); may be empty */
};
struct log_act {
	char kind[LEAF_TEXT_MAX + 1], subject[LEAF_TEXT_MAX + 1], rule[LEAF_TEXT_MAX + 1], serial[48];
	int64_t time;
	uint8_t salt[32], statement_sm3[32], cert_sm3[32];
	bool has_statement;
	struct buf sealed;
	struct span sig, cert, status;
	struct log_cover *cover; /* texts borrowed until the write is done */
	size_t covers, room;     /* covers = 0 begins anew, for a transaction that runs again */
	bool no_memory;
};
/* ERR_SYNTAX: kind, subject or rule; ERR_LIMIT; ERR_DER: certificate; ERR_STATE: neither signed nor by a rule. */
enum err log_act_init(struct log_act *a, const struct field_keys *keys, const struct log_what *w) MUST_CHECK;
void log_act_done(struct log_act *a); /* {0} is fine */
#define AUTO_LOG_ACT(name) __attribute__((cleanup(log_act_done))) struct log_act name = {0}
/* A row of a table with a key of one part, or of a text and a number: {"cert", "01AB"}, {"case_act", "NO", 1}. For
 * "case_event" and "filing_event" number 0 is the newest event. log_append() tells when there is no memory for one. */
void log_act_cover(struct log_act *a, const char *table, const char *key, int64_t number);
/* Any kind: key, arguments of the statement (key, then the columns of the table in their order), or first parts.
 * Cover only what the transaction wrote: what else a row holds would be taken for good too. */
void log_act_cover_by(struct log_act *a, enum log_cover_kind kind, const char *table, const char *statement,
                      const struct sql_arg *args, size_t n);
/* The last thing in the act's transaction. May run again with it. */
enum err log_append(struct tx *tx, const struct log_act *a) MUST_CHECK;

/* Whether a row is what its newest entry left: asked before an act on it, for what the act's entry covers it takes for
 * good. ERR_LOG_DAMAGED: changed, or no entry knows it; ERR_ABSENT. */
enum err log_row_check(struct tx *tx, const char *table, const struct sql_arg *key, size_t n) MUST_CHECK;

/* The same for the rows that log_act_cover() has named so far; one that is not there (yet) is fine. */
enum err log_act_check(struct tx *tx, const struct log_act *a) MUST_CHECK;

/* Once in the life of a database: rows of covered tables from before they were covered come under the log by an entry
 * LOG-ADOPT. The entry is written even when there are none, so that later ones are never adopted. */
enum err log_adopt(struct store *s, const struct clock *clock) MUST_CHECK;

/* --- ordering --- */
struct log_head {
	struct head head;
	struct buf text, sig, stamp; /* sig and stamp empty while nobody signs */
};
void log_head_init(struct log_head *h);
void log_head_done(struct log_head *h);

struct log_service {
	const char *bureau; /* 64 hex */
	const struct clock *clock;
	/* Whether a head could be signed right now, asked before anything is ordered; on an error nothing is. Tells the
	 * last head that the signer remembers: what lies beyond it may be ordered anew (log_recall.c). NULL: not asked.
	 */
	enum err (*ready)(void *ctx, uint64_t *ret_epoch, uint64_t *ret_size);
	/* A fresh OCSP answer about the certificate, appended; asked for when none came with the act or that has grown
	 * old. NULL: entries are ordered with what they have. An error leaves the entry, and those after it, pending.
	 */
	enum err (*status)(void *ctx, struct span cert, struct buf *out);
	/* Signs the head of h->head (bureau, epoch, size, root set; time for the signer to say): fills text, sig,
	 * stamp. proof leads from the last signed head's size (0: none) to it. NULL: heads are written unsigned. */
	enum err (*sign)(void *ctx, struct log_head *h, uint64_t from_size, const struct tree_proof *proof);
	void *ctx;
};
struct log_done {
	uint64_t entries; /* ordered in this call */
	bool head;        /* whether a head was written */
};
/* Orders what is pending, LOG_BATCH at a time, and writes the head when the tree has grown past the last one. *ret_d is
 * set on failure too. ERR_LOG_DAMAGED: a pending entry was changed; ERR_EXISTS: somebody else is ordering. */
enum err log_sequence(struct store *s, const struct log_service *v, struct log_done *ret_d) MUST_CHECK;

/* --- reading; within a transaction --- */
struct log_entry {
	uint64_t seq;
	bool pending;
	uint64_t epoch, index; /* when not pending */
	int64_t time;
	char kind[LEAF_TEXT_MAX + 1], subject[LEAF_TEXT_MAX + 1], rule[LEAF_TEXT_MAX + 1], serial[48];
	struct span sealed, statement_sm3, sig, cert_sm3, ocsp, salt, leaf, marks; /* valid until the next row */
	bool has_statement;
};
typedef enum err log_entry_fn(const struct log_entry *e, void *ctx);
enum err log_entries_of(struct tx *tx, const char *subject, log_entry_fn *fn, void *ctx) MUST_CHECK;
/* ERR_ABSENT */
enum err log_entry_get(struct tx *tx, uint64_t seq, log_entry_fn *fn, void *ctx) MUST_CHECK;
/* After entry `after`, at most n, in the order of arrival. */
enum err log_entries_after(struct tx *tx, uint64_t after, int64_t n, log_entry_fn *fn, void *ctx) MUST_CHECK;
/* The leaf of an entry, with what it covers; index and epoch as in the entry. */
enum err log_leaf_of(struct tx *tx, const struct log_entry *e, struct leaf *ret_l) MUST_CHECK;
/* The text that the entry was written with. */
enum err log_statement(const struct field_keys *keys, const struct log_entry *e, struct buf *out) MUST_CHECK;
/* The signer's journal is in the log too, a JOURNAL entry for each record: the number of the last one, 0 for none. */
enum err log_journal_last(struct tx *tx, bool placed_only, uint64_t *ret_seq) MUST_CHECK;
/* ERR_ABSENT */
enum err log_cert(struct tx *tx, struct span sm3, struct buf *out) MUST_CHECK;

enum err log_size(struct tx *tx, uint64_t *ret_epoch, uint64_t *ret_size) MUST_CHECK;
enum err log_root(struct tx *tx, uint64_t epoch, uint64_t size, uint8_t ret_root[32]) MUST_CHECK;
enum err log_leaf_hash(struct tx *tx, uint64_t epoch, uint64_t index, uint8_t ret_hash[32]) MUST_CHECK;
enum err log_inclusion(struct tx *tx, uint64_t epoch, uint64_t index, uint64_t size,
                       struct tree_proof *ret_p) MUST_CHECK;
enum err log_consistency(struct tx *tx, uint64_t epoch, uint64_t from, uint64_t to,
                         struct tree_proof *ret_p) MUST_CHECK;
/* h was initialised. ERR_ABSENT. log_head_over: the first head with more than size leaves. */
enum err log_head_last(struct tx *tx, struct log_head *h) MUST_CHECK;
enum err log_head_last_signed(struct tx *tx, struct log_head *h) MUST_CHECK;
enum err log_head_over(struct tx *tx, uint64_t epoch, uint64_t size, struct log_head *h) MUST_CHECK;
