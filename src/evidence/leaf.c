#include "evidence/leaf.h"
#include "base/text.h"
#include "evidence/tree.h"
#include "gm/sm3.h"
#include <string.h>

enum { LEAF_NUMBER_END = 1 << 30 };

bool leaf_is_none(const uint8_t digest[32])
{
	static const uint8_t none[LEAF_DIGEST_LEN];

	return span_eq(span_of(digest, LEAF_DIGEST_LEN), SPAN_ARR(none));
}

enum err leaf_part(struct span part, uint8_t ret_digest[32])
{
	if (part.len == 0) {
		memset(ret_digest, 0, LEAF_DIGEST_LEN);
		return ERR_OK;
	}
	return sm3_digest(part, ret_digest);
}

static enum err text_check(const char *s, const char *what)
{
	if (strlen(s) > LEAF_TEXT_MAX || text_line_check(span_str(s)) != ERR_OK)
		return ERR(SYNTAX, "%s of a log entry", what);
	return ERR_OK;
}

enum err leaf_texts_check(const char *kind, const char *subject, const char *rule)
{
	if (kind[0] == '\0')
		return ERR(SYNTAX, "log entry without a kind");
	for (const char *p = kind; *p; p++)
		if (!(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') && *p != '-')
			return ERR(SYNTAX, "kind of a log entry");
	TRY(text_check(kind, "kind"));
	TRY(text_check(subject, "subject"));
	return text_check(rule, "rule");
}

static void put_text(struct buf *out, const char *s)
{
	buf_u8(out, (uint8_t)strlen(s));
	buf_str(out, s);
}

enum err leaf_encode(const struct leaf *l, struct buf *out)
{
	TRY(leaf_texts_check(l->kind, l->subject, l->rule));
	if (l->epoch == 0 || l->epoch > LEAF_NUMBER_END || l->index >= LEAF_NUMBER_END || l->seq == 0 ||
	    l->seq > INT64_MAX || l->time < 0)
		return ERR(SYNTAX, "number of a log entry");
	buf_str(out, "YXL1");
	buf_u64(out, l->epoch);
	buf_u64(out, l->index);
	buf_u64(out, l->seq);
	buf_u64(out, (uint64_t)l->time);
	put_text(out, l->kind);
	put_text(out, l->subject);
	put_text(out, l->rule);
	const uint8_t *const digests[] = {l->statement, l->sig, l->cert, l->ocsp, l->covers, l->stored, l->salt};
	for (size_t i = 0; i < COUNT_OF(digests); i++)
		buf_put(out, span_of(digests[i], LEAF_DIGEST_LEN));
	return buf_err(out);
}

enum err leaf_hash(const struct leaf *l, uint8_t ret_hash[32])
{
	AUTO_BUF(bytes, LEAF_MAX);

	TRY(leaf_encode(l, &bytes));
	return tree_leaf(buf_span(&bytes), ret_hash);
}
