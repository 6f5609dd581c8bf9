/* Answers that anybody may keep: freshness (RFC 9111, 5.2.2; the set of headers that RFC 5019, 6.2 asks for),
 * validators and conditional requests (RFC 9110, 13). */
#include "web/req.h"
#include "base/clock.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <string.h>

enum { TIME_LEN = 29, DAY_SEC = 86400 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* 1970-01-01 was a Thursday */
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec", days[] = "ThuFriSatSunMonTueWed";

/* RFC 9110, 5.6.7, IMF-fixdate. */
static void put_time(struct buf *out, int64_t t)
{
	AUTO_BUF(iso, 32);

	text_time(&iso, t);
	const char *s = buf_cstr(&iso); /* "1994-11-06T08:49:37Z" */
	if (buf_err(&iso) != ERR_OK || t < 0) {
		buf_str(out, "Thu, 01 Jan 1970 00:00:00 GMT");
		return;
	}
	size_t month = (size_t)((s[5] - '0') * 10 + s[6] - '0');
	buf_printf(out, "%.3s, %.2s %.3s %.4s %.8s GMT", days + t / DAY_SEC % 7 * 3, s + 8, months + (month - 1) * 3, s,
	           s + 11);
}

/* The other two forms of that clause are not read: such a question gets the whole answer. */
static bool take_time(const char *s, int64_t *ret_t)
{
	AUTO_BUF(iso, 32);
	unsigned month = 0;

	if (strlen(s) != TIME_LEN || strncmp(s + 3, ", ", 2) != 0 || s[7] != ' ' || s[11] != ' ' || s[16] != ' ' ||
	    strcmp(s + 25, " GMT") != 0)
		return false;
	while (month < 12 && strncmp(months + (size_t)month * 3, s + 8, 3) != 0)
		month++;
	buf_printf(&iso, "%.4s-%02u-%.2sT%.8sZ", s + 12, month + 1, s + 5, s + 17);
	bool ok = month < 12 && text_untime(buf_span(&iso), ret_t) == ERR_OK;
	err_clear();
	return ok;
}

/* If-None-Match alone counts where it is there (RFC 9110, 13.2.2). Our tag is quoted hexadecimal digits: it stands in a
 * list, weak or strong, or it does not. */
static bool is_known(const struct web_req *rq, const char *etag)
{
	const char *match = scgi_get(&rq->in, "HTTP_IF_NONE_MATCH");
	int64_t since;

	if (match[0] != '\0')
		return strcmp(match, "*") == 0 || strstr(match, etag) != NULL;
	return take_time(scgi_get(&rq->in, "HTTP_IF_MODIFIED_SINCE"), &since) && rq->last_modified <= since;
}

void web_cache(struct web_req *rq, int64_t seconds, int64_t last_modified)
{
	INVARIANT(rq->route && rq->route->access == WEB_PUBLIC && strcmp(rq->method, "GET") == 0);
	rq->is_shared = true;
	rq->fresh_sec = seconds < 0 ? 0 : seconds > INT32_MAX ? INT32_MAX : seconds;
	rq->last_modified = last_modified;
	rq->etag[0] = '\0';
}

void web_cache_tag(struct web_req *rq, const uint8_t sm3[32])
{
	static const char digits[] = "0123456789abcdef";
	char *to = rq->etag;

	*to++ = '"';
	for (size_t i = 0; i < SM3_LEN; i++) {
		*to++ = digits[sm3[i] >> 4];
		*to++ = digits[sm3[i] & 15];
	}
	*to++ = '"';
	*to = '\0';
}

enum err cache_judge(struct web_req *rq)
{
	uint8_t digest[SM3_LEN];

	if (rq->etag[0] == '\0') {
		TRY(sm3_digest(buf_span(&rq->body), digest));
		web_cache_tag(rq, digest);
	}
	if (rq->status == 200 && is_known(rq, rq->etag))
		rq->status = 304;
	return ERR_OK;
}

void cache_put(const struct web_req *rq, struct buf *out)
{
	buf_printf(out,
	           "Cache-Control: max-age=%lld, public, no-transform, must-revalidate\r\nETag: %s\r\nLast-Modified: ",
	           (long long)rq->fresh_sec, rq->etag);
	put_time(out, rq->last_modified);
	buf_str(out, "\r\nExpires: ");
	put_time(out, clock_now(rq->conf->clock) + rq->fresh_sec);
	buf_str(out, "\r\n");
}
