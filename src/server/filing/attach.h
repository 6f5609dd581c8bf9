/* Attachments of filings: the files a filer adds to a draft, and the pictures drawn from them that officers look at.
 *
 * Only the filer, only while the filing is open (草稿, 退回补正, 已撤回). Adding or removing makes another version of
 * the filing: a statement shown before is void. The signed submission names each one (slot, file name, octets, SM3);
 * before an approval the stored originals are compared with it, octet by octet through SM3. A correction takes over the
 * attachments; the file itself is stored once. With 自动作废 the attachments of a filing that was never signed are
 * removed; what a signed statement names stays. Everything but sizes and digests is sealed (store/field.h).
 *
 * Errors a caller may act on: ERR_ATTACH_* (size, count, total, holder, same, changed, kind), ERR_STATE, ERR_CONFLICT,
 * ERR_DENIED, ERR_ABSENT. */
#pragma once
#include "server/convert/render.h"
#include "server/filing/filing.h"

enum {
	ATTACH_HOLDER_MAX = 200 << 20 /* all open filings of a unit or person */,
	ATTACH_TOTAL_MAX = 40 << 20 /* one filing */,
	ATTACH_COUNT_MAX = 100,
	ATTACH_NAME_MAX = 120,
	ATTACH_FILE_MAX = 5 << 20
};
enum { ATTACH_ORIGINAL = -1, ATTACH_CLEAN = 0 }; /* pages; previews from 1 */

struct attachment {
	int64_t id;
	char slot[SERVICE_NAME_MAX + 1], name[ATTACH_NAME_MAX + 1];
	enum media media;
	int64_t octets, pages, time;
	char sm3[65], person_id[32];
};
struct attach_new {
	const char *slot, *name;       /* name: as the browser said, made harmless here */
	struct span file;              /* 1..max_bytes of the slot */
	const struct rendering *drawn; /* what convert_render made of it */
};
enum err attach_add(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                    const struct attach_new *a, int64_t *ret_version) MUST_CHECK;
enum err attach_remove(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                       int64_t id, int64_t *ret_version) MUST_CHECK;
/* Whether adding this could succeed: before the work of drawing it. The same errors. */
enum err attach_may_add(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                        const char *slot, size_t octets) MUST_CHECK;

typedef enum err attach_fn(const struct attachment *a, void *ctx);
/* In the order they were added; of a filing as it was sent (filing.h) those that the submission names. Whoever asks:
 * the caller has got the filing by filing_get. */
enum err attach_list(const struct filing_desk *d, const struct filing *f, attach_fn *fn, void *ctx) MUST_CHECK;
/* ERR_ABSENT */
enum err attach_get(const struct filing_desk *d, const struct filing *f, int64_t id,
                    struct attachment *ret_a) MUST_CHECK;
/* page: ATTACH_ORIGINAL (compared with its SM3: ERR_ATTACH_CHANGED), ATTACH_CLEAN or 1..pages; appended to ret_bytes.
 */
enum err attach_bytes(const struct filing_desk *d, const struct attachment *a, int page,
                      struct buf *ret_bytes) MUST_CHECK;
/* A file name as it may stand in a statement: one line, no path, no sign that means something there. */
void attach_name(const char *name, enum media m, char ret[ATTACH_NAME_MAX + 1]);
/* Each attachment that is not the one the filing's signed submission names, or names and is not there (id 0);
 * ERR_ATTACH_CHANGED naming the first when there is any. fn may be NULL. Reads every octet: for the approval. */
enum err attach_agrees(const struct filing_desk *d, const struct filing *f, const struct service *s, attach_fn *fn,
                       void *ctx) MUST_CHECK;
/* The same by what the rows say of themselves (name, octets, SM3), without reading one file: for a page that is looked
 * at often. */
enum err attach_rows_agree(const struct filing_desk *d, const struct filing *f, const struct service *s, attach_fn *fn,
                           void *ctx) MUST_CHECK;
