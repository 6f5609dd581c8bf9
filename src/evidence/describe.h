/* A proved act of a receipt in plain Chinese words: who, in which role, what was signed, the certificate's status then.
 * The command `yinxin verify` and the page /verify say it with these same words. Nothing is checked here: verify.h is.
 * Pure. */
#pragma once
#include "evidence/verify.h"

/* "业务申报"; for the record of a rule what its kind means, "系统记录" when unknown. */
const char *describe_title(const struct verify_act *a);
/* The role in which such a statement is signed here: "受理员", "单位经办人", "系统". */
const char *describe_role(const struct verify_act *a);
/* All append; a buffer of DESCRIBE_MAX octets holds any of them but the text. */
enum { DESCRIBE_MAX = 8192 };
void describe_who(const struct verify_act *a, struct buf *out); /* 姓名(单位,人员编号); for a rule its name in words */
void describe_what(const struct verify_act *a, struct buf *out);   /* one sentence out of the statement's values */
void describe_status(const struct verify_act *a, struct buf *out); /* "" for a rule */
/* the three, time and place in the log, in one line */
void describe_step(const struct verify_act *a, struct buf *out);
/* The text that was signed, or what the rule noted: at most max octets, cut at a character; *ret_cut tells. Octets that
 * are no text are not shown, but counted. */
void describe_text(const struct verify_act *a, size_t max, struct buf *out, bool *ret_cut);
/* What the receipt is about, by its first act: "数字证书业务", "业务申报". */
const char *describe_matter(const struct verify_act *first);
