/* Between attach*.c and the engine: what a draft, a check, a statement and a timer need of attachments. */
#pragma once
#include "server/filing/attach.h"
#include "server/filing/filing_i.h"

enum { ATTACH_LINE_MAX = 700 };
/* What is missing. */
enum err attach_faults(const struct filing_desk *d, const struct filing_view *v, struct fault_sink *faults) MUST_CHECK;
/* "材料=…;文件=…;字节=…;SM3=…" of one; `sm3` is lower-case hex. */
enum err attach_line(const struct service *s, const struct attachment *a, const char *sm3, struct buf *out) MUST_CHECK;
enum err attach_copy_tx(struct tx *tx, const char *from_no, const char *to_no) MUST_CHECK;
enum err attach_void_tx(struct tx *tx, const struct filing *f) MUST_CHECK;
enum err attach_agrees_with(const struct filing_desk *d, const struct filing *f, const struct service *s,
                            const struct statement *st, attach_fn *fn, void *ctx) MUST_CHECK;
const struct service_attachment *attach_slot(const struct service *s, const char *name); /* NULL: none */
/* Of sealed columns: "12" and "12/-1/0". */
void attach_key(int64_t id, char ret[32]);
void attach_part_key(int64_t id, int page, int part, char ret[64]);
