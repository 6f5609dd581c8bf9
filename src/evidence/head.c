#include "evidence/head.h"
#include "base/text.h"
#include <string.h>

#define HEAD_LINE   "YINXIN-HEAD-1\n"
#define SEAL_LINE   "YINXIN-SEAL-1\n"
#define LOG_PROFILE "log"

/* --- build --- */

static bool is_hex64(const char *s)
{
	size_t n = 0;

	while (n < 64 && ((s[n] >= '0' && s[n] <= '9') || (s[n] >= 'a' && s[n] <= 'f')))
		n++;
	return n == 64 && s[n] == '\0';
}

static void put_hex(struct buf *out, const char *key, const uint8_t digest[32])
{
	buf_printf(out, "%s: ", key);
	text_hex(out, span_of(digest, 32));
	buf_str(out, "\n");
}

static void put_tail(struct buf *out, const struct head *h)
{
	buf_printf(out, "epoch: %llu\nsize: %llu\n", (unsigned long long)h->epoch, (unsigned long long)h->size);
	put_hex(out, "root", h->root);
	buf_str(out, "time: ");
	text_time(out, h->time);
	buf_str(out, "\n");
}

static enum err check(const struct head *h)
{
	if (!is_hex64(h->bureau) || h->epoch == 0 || h->epoch > HEAD_SIZE_MAX || h->size > HEAD_SIZE_MAX)
		return ERR(SYNTAX, "head: bureau, epoch or size out of range");
	return ERR_OK;
}

enum err head_build(const struct head *h, struct buf *out)
{
	TRY(check(h));
	buf_str(out, HEAD_LINE);
	buf_printf(out, "bureau: %s\n", h->bureau);
	put_tail(out, h);
	return buf_err(out);
}

enum err head_seal_build(const struct head_seal *s, struct buf *out)
{
	TRY(check(&s->head));
	if (s->leaf >= s->head.size)
		return ERR(SYNTAX, "seal: leaf %llu is not under the head", (unsigned long long)s->leaf);
	buf_str(out, SEAL_LINE);
	buf_printf(out, "bureau: %s\n", s->head.bureau);
	put_hex(out, "digest", s->digest);
	buf_printf(out, "leaf: %llu\n", (unsigned long long)s->leaf);
	put_tail(out, &s->head);
	return buf_err(out);
}

/* --- read --- */

static enum err take(struct span *in, const char *key, struct span *ret_value)
{
	struct span line, name = span_str(key);

	if (!span_take_until(in, '\n', &line) || !span_starts(line, name) ||
	    !span_starts(span_sub(line, name.len, line.len), SPAN_LIT(": ")))
		return ERR(SYNTAX, "head: line \"%s\" expected", key);
	*ret_value = span_sub(line, name.len + 2, line.len);
	return ERR_OK;
}

static enum err take_hex(struct span *in, const char *key, uint8_t ret_digest[32])
{
	struct span v;
	AUTO_BUF(b, 32);

	TRY(take(in, key, &v));
	TRY(text_unhex(v, &b));
	if (b.len != 32)
		return ERR(SYNTAX, "head: %s of %zu octets", key, b.len);
	memcpy(ret_digest, b.ptr, 32);
	return ERR_OK;
}

static enum err take_u64(struct span *in, const char *key, int64_t min, uint64_t *ret_v)
{
	struct span s;
	int64_t v;

	TRY(take(in, key, &s));
	TRY(text_i64(s, min, HEAD_SIZE_MAX, &v));
	*ret_v = (uint64_t)v;
	return ERR_OK;
}

static enum err take_first(struct span *in, const char *first, struct head *h)
{
	struct span part;

	if (!span_starts(*in, span_str(first)) || !span_take(in, strlen(first), &part))
		return ERR(SYNTAX, "head: another first line");
	TRY(take(in, "bureau", &part));
	if (part.len != 64)
		return ERR(SYNTAX, "head: bureau of %zu octets", part.len);
	memcpy(h->bureau, part.ptr, 64);
	h->bureau[64] = '\0';
	return ERR_OK;
}

static enum err take_tail(struct span *in, struct head *h)
{
	struct span v;

	TRY(take_u64(in, "epoch", 1, &h->epoch));
	TRY(take_u64(in, "size", 0, &h->size));
	TRY(take_hex(in, "root", h->root));
	TRY(take(in, "time", &v));
	TRY(text_untime(v, &h->time));
	if (in->len > 0)
		return ERR(SYNTAX, "head: octets after the last line");
	return ERR_OK;
}

/* Upper-case hex and the like would be a second encoding. */
static enum err same(enum err built, struct buf *again, struct span text)
{
	TRY(built);
	if (!span_eq(buf_span(again), text))
		return ERR(SYNTAX, "head: not the one encoding of its values");
	return ERR_OK;
}

enum err head_parse(struct span text, struct head *ret_h)
{
	struct head h;
	struct span in = text;
	AUTO_BUF(again, HEAD_TEXT_MAX);

	memset(&h, 0, sizeof(h));
	TRY(take_first(&in, HEAD_LINE, &h));
	TRY(take_tail(&in, &h));
	TRY(same(head_build(&h, &again), &again, text));
	*ret_h = h;
	return ERR_OK;
}

enum err head_seal_parse(struct span text, struct head_seal *ret_s)
{
	struct head_seal s;
	struct span in = text;
	AUTO_BUF(again, HEAD_TEXT_MAX);

	memset(&s, 0, sizeof(s));
	TRY(take_first(&in, SEAL_LINE, &s.head));
	TRY(take_hex(&in, "digest", s.digest));
	TRY(take_u64(&in, "leaf", 0, &s.leaf));
	TRY(take_tail(&in, &s.head));
	TRY(same(head_seal_build(&s, &again), &again, text));
	*ret_s = s;
	return ERR_OK;
}

/* --- verify --- */

static enum err check_sig(struct span text, struct span sig, const struct cert *log, int64_t at)
{
	struct sm2_sig s;

	if (strcmp(cert_profile(log), LOG_PROFILE) != 0 || cert_is_ca(log) || !(cert_usage(log) & KU_SIGN))
		return ERR(CERT_USAGE, "not a certificate of the log");
	if (at < cert_not_before(log))
		return ERR(CERT_NOT_YET, "head is older than the log's certificate");
	if (at > cert_not_after(log))
		return ERR(CERT_EXPIRED, "head is younger than the log's certificate");
	if (sig.len != HEAD_SIG_LEN)
		return ERR(SIG, "signature of %zu octets", sig.len);
	memcpy(s.b, sig.ptr, HEAD_SIG_LEN);
	return gm_verify(cert_pub(log), text, &s);
}

enum err head_verify(struct span text, struct span sig, const struct cert *log, struct head *ret_h)
{
	struct head h;

	TRY(head_parse(text, &h));
	TRY(check_sig(text, sig, log, h.time));
	*ret_h = h;
	return ERR_OK;
}

enum err head_seal_verify(struct span text, struct span sig, const struct cert *log, struct head_seal *ret_s)
{
	struct head_seal s;

	TRY(head_seal_parse(text, &s));
	TRY(check_sig(text, sig, log, s.head.time));
	*ret_s = s;
	return ERR_OK;
}
