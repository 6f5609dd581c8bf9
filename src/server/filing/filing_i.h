/* Between the filing_*.c files: rows, rights, the one transition in SQL. */
#pragma once
#include "evidence/statement.h"
#include "server/filing/filing.h"

enum { FILING_SEALED_MAX = CONTENT_TEXT_MAX + LIMIT_SEAL };

/* --- filing_read.c --- */
enum err filing_row_read(const struct row *row, struct filing *f) MUST_CHECK;
enum err filing_find(const struct filing_desk *d, const char *no, struct filing *ret_f) MUST_CHECK; /* whoever asks */
enum err filing_find_tx(struct tx *tx, const char *no, struct filing *ret_f) MUST_CHECK;

/* --- filing.c --- */
/* His own unit's, or his own: ERR_FILING_ABSENT. */
enum err filing_is_his(const struct filing *f, const struct filing_who *by) MUST_CHECK;
/* All faults: of the content by itself and of the preconditions. */
enum err filing_faults(const struct filing_view *v, struct fault_sink *faults) MUST_CHECK;
/* attachments too */
enum err filing_faults_all(const struct filing_desk *d, const struct filing_view *v,
                           struct fault_sink *faults) MUST_CHECK;
enum err filing_content_seal(const struct filing_desk *d, const char *no, int64_t version, const json_t *content,
                             struct buf *out) MUST_CHECK;

/* --- filing_person.c --- */
/* A name typed into a field of type person becomes the number, where one of the unit's staff alone has it. */
enum err filing_people_take(const struct filing_desk *d, const char *unit_no, const struct service_fields *fields,
                            json_t *row) MUST_CHECK;
/* E-36: who is not of the unit's staff now. */
enum err filing_people_faults(const struct filing_desk *d, const struct filing_view *v,
                              struct fault_sink *faults) MUST_CHECK;

/* --- filing_sent.c: what an officer gets of a filing that is open again --- */
/* Rows, version and time of change as of the last signed submission and what officers did since; sets as_sent. */
enum err filing_as_sent(const struct filing_desk *d, struct filing *f) MUST_CHECK;
enum err filing_sent_statement(const struct filing_desk *d, const struct filing *f,
                               struct statement **ret_s) MUST_CHECK;
enum err filing_sent_content(const struct filing_desk *d, const struct filing *f, json_t **ret_content) MUST_CHECK;

/* --- filing_state.c --- */
/* Who has the act at all, whatever the state: false when nobody has it. */
bool filing_act_by(enum filing_act_kind kind, enum filing_by *ret_by);

/* --- filing_may.c --- */
/* Something was signed and the district is his: ERR_FILING_ABSENT. */
enum err filing_is_for_officer(const struct filing *f, const struct filing_who *by) MUST_CHECK;
bool filing_district_covers(const char *district, const char *region);
/* Review steps that remain after the one that the state waits for, by the verdict of its submission. */
enum err filing_steps_left(const struct filing_desk *d, const struct filing_view *v, size_t *ret_n) MUST_CHECK;

/* --- filing_verdict.c: what was decided when it was submitted --- */
/* By the preconditions; ERR_FAULTS when one finds a fault. */
enum err filing_verdict_make(const struct filing_view *v, struct service_verdict *ret_v) MUST_CHECK;
enum err filing_verdict_put_tx(struct tx *tx, const struct filing *f, const struct service_verdict *v,
                               int64_t now) MUST_CHECK;
/* Of a submission from before verdicts were kept, what would be decided now. */
enum err filing_verdict_get(const struct filing_desk *d, const struct filing_view *v,
                            struct service_verdict *ret_v) MUST_CHECK;

/* --- filing_time.c --- */
int64_t filing_work_end(const struct filing_desk *d, int64_t from, int days); /* end of the n-th working day after it */
/* calendar days; a free last day moves on */
int64_t filing_term_end(const struct filing_desk *d, int64_t from, int days);

/* --- filing_move.c --- */
struct filing_move {
	struct filing_act act;
	int64_t version; /* the one it starts from */
	int64_t expires; /* new timer, 0 none */
	struct span opinion_sealed;
};
/* State, version, timer, event and log entry; acts through tx only. ERR_CONFLICT when it is not in that version and
 * state. */
enum err filing_move_tx(const struct filing_desk *d, struct tx *tx, const struct filing_move *m) MUST_CHECK;
enum err filing_event_tx(struct tx *tx, const struct filing_move *m) MUST_CHECK;
/* The log's part before the transaction; done may always be called. */
enum err filing_log_begin(const struct filing_desk *d, struct filing_act *a) MUST_CHECK;
void filing_log_end(const struct filing_desk *d, struct filing_act *a);
enum err filing_opinion_seal(const struct filing_desk *d, const char *no, const char *opinion,
                             struct buf *out) MUST_CHECK;

/* --- filing_shown.c --- */
/* A statement, by its SM3 in hex, is put before that person. */
enum err filing_shown_put(const struct filing_desk *d, const char *sm3, const struct filing_who *by,
                          int64_t now) MUST_CHECK;
/* It was, and not too long ago; or it is stored already: then it is the same request again. ERR_CONFLICT. */
enum err filing_shown_check(const struct filing_desk *d, const char *sm3, const struct filing_who *by) MUST_CHECK;

/* --- filing_evidence.c --- */
/* Whether the submission in force was signed with a certificate that was good when it arrived, by the evidence of its
 * entry in the log: ERR_EVIDENCE when it was not. Without evidence yet nothing is said. */
enum err filing_evidence_good(const struct filing_desk *d, const struct filing *f) MUST_CHECK;

/* --- filing_text.c --- */
const char *filing_act_type(enum filing_act_kind kind, bool corrects); /* "FILING-SUBMIT"; NULL when nobody signs it */
/* The act that a statement of that type is; ERR_STATEMENT: none on a filing. */
enum err filing_act_of(const char *type, enum filing_act_kind *ret_kind) MUST_CHECK;
/* Whether the signed submission holds exactly this content. ERR_CONFLICT. */
enum err filing_text_agrees(const struct filing_desk *d, const struct filing_view *v) MUST_CHECK;
