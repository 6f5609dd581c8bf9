/* OCSP and time stamps over HTTP (RFC 6960, appendix A; RFC 3161, 3.4): octets to the notary and back, nothing in
 * between. */
#include "base/text.h"
#include "pki/ocsp.h"
#include "pki/tsp.h"
#include "server/notary/client.h"
#include "server/portal/ocsp_cache.h"
#include "server/portal/pages.h"
#include "web/form.h"
#include <string.h>

/* RFC 6960, 5: an answer that may be kept, and no longer than that. */
enum { KEEP_MAX_SEC = 60 };

static enum err notary_of(struct web_req *rq, struct notary_client **ret_n)
{
	*ret_n = portal_of(rq)->notary;
	return *ret_n != NULL ? ERR_OK : ERR(NOT_YET, "no notary is configured");
}

/* A tag is of what may be kept only. */
static enum err asked(struct notary_client *n, struct span request, struct buf *out, struct ocsp_kept *ret_k)
{
	struct ocsp_kept k = {.times = {0, 0}};

	TRY(notary_ocsp(n, request, out, &k.times));
	if (k.times.next_update > 0)
		TRY(sm3_digest(buf_span(out), k.tag));
	*ret_k = k;
	return ERR_OK;
}

static enum err kept_or_asked(struct web_req *rq, struct notary_client *n, struct span request, struct buf *out,
                              struct ocsp_kept *ret_k)
{
	struct portal *p = portal_of(rq);
	uint64_t seq = 0;

	if (p->ocsp == NULL)
		return asked(n, request, out, ret_k);
	TRY(ocsp_cache_seq(p->ocsp, n, &seq));
	if (ocsp_cache_get(p->ocsp, request, seq, clock_now(p->desk.clock), out, ret_k) == ERR_OK)
		return ERR_OK;
	err_clear();
	TRY(asked(n, request, out, ret_k));
	if (ret_k->times.next_update > 0)
		ocsp_cache_put(p->ocsp, request, seq, buf_span(out), ret_k);
	return ERR_OK;
}

static enum err ocsp(struct web_req *rq, struct span request, struct ocsp_kept *ret_k)
{
	AUTO_BUF(response, OCSP_DER_MAX);
	struct notary_client *n;

	TRY(notary_of(rq, &n));
	TRY(kept_or_asked(rq, n, request, &response, ret_k));
	return web_bytes(rq, "application/ocsp-response", buf_span(&response));
}

enum err page_ocsp(struct web_req *rq)
{
	struct ocsp_kept k;

	return ocsp(rq, web_raw(rq), &k);
}

enum err page_tsa(struct web_req *rq)
{
	AUTO_BUF(response, TSP_DER_MAX);
	struct notary_client *n;

	TRY(notary_of(rq, &n));
	TRY(notary_stamp(n, web_raw(rq), &response));
	return web_bytes(rq, "application/timestamp-reply", buf_span(&response));
}

/* RFC 6960, A.1: base64, then percent-encoded; some clients leave slashes and plus signs as they are. What is about one
 * certificate and has no nonce is the same for everybody: the headers of RFC 5019, 6.2. */
enum err page_ocsp_get(struct web_req *rq)
{
	static const char prefix[] = "/ocsp/";
	const char *text = NULL;
	struct ocsp_kept k;
	AUTO_BUF(der, OCSP_REQUEST_MAX);

	TRY(percent_decode(span_str(web_path(rq) + strlen(prefix)), false, web_arena(rq), &text));
	TRY(text_unb64(span_str(text), &der));
	TRY(ocsp(rq, buf_span(&der), &k));
	int64_t left = k.times.next_update - clock_now(portal_of(rq)->desk.clock);
	if (k.times.next_update > 0 && left > 0) {
		web_cache(rq, left < KEEP_MAX_SEC ? left : KEEP_MAX_SEC, k.times.this_update);
		web_cache_tag(rq, k.tag);
	}
	return ERR_OK;
}

enum err page_machine(struct web_req *rq)
{
	return web_bytes(rq, "text/plain; charset=utf-8",
	                 SPAN_LIT("本地址供程序使用:POST /ocsp(application/ocsp-request)查询证书状态,"
	                          "POST /tsa(application/timestamp-query)申请时间戳。\n"));
}
