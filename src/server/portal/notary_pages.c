/* OCSP and time stamps over HTTP (RFC 6960, appendix A; RFC 3161, 3.4): octets to the notary and back, nothing in between. */
#include "base/text.h"
#include "pki/ocsp.h"
#include "pki/tsp.h"
#include "server/notary/client.h"
#include "server/portal/pages.h"
#include "web/form.h"
#include <stdatomic.h>
#include <string.h>

/* Of the worker threads (8 unless configured) at most so many wait for a notary that answers slowly: the desks go on. */
enum { RELAYS_MAX = 4 };
static atomic_uint relays;

typedef enum err notary_fn(struct notary_client *c, struct span request, struct buf *ret_response);

static enum err relay(struct web_req *rq, notary_fn *call, struct span request, const char *type)
{
	AUTO_BUF(response, OCSP_DER_MAX);
	struct notary_client *n = portal_of(rq)->notary;

	if (n == NULL)
		return ERR(NOT_YET, "no notary is configured");
	enum err e = atomic_fetch_add(&relays, 1) < RELAYS_MAX ? call(n, request, &response)
							      : ERR(UNAVAILABLE, "%d requests wait for the notary", RELAYS_MAX);
	atomic_fetch_sub(&relays, 1);
	TRY(e);
	return web_bytes(rq, type, buf_span(&response));
}

enum err page_ocsp(struct web_req *rq)
{
	return relay(rq, notary_ocsp, web_raw(rq), "application/ocsp-response");
}

enum err page_tsa(struct web_req *rq)
{
	return relay(rq, notary_stamp, web_raw(rq), "application/timestamp-reply");
}

/* RFC 6960, A.1: base64, then percent-encoded; some clients leave slashes and plus signs as they are. */
enum err page_ocsp_get(struct web_req *rq)
{
	static const char prefix[] = "/ocsp/";
	const char *text = NULL;
	AUTO_BUF(der, OCSP_REQUEST_MAX);

	TRY(percent_decode(span_str(web_path(rq) + strlen(prefix)), false, web_arena(rq), &text));
	TRY(text_unb64(span_str(text), &der));
	return relay(rq, notary_ocsp, buf_span(&der), "application/ocsp-response");
}

enum err page_machine(struct web_req *rq)
{
	return web_bytes(rq, "text/plain; charset=utf-8",
			 SPAN_LIT("本地址供程序使用:POST /ocsp(application/ocsp-request)查询证书状态,"
				  "POST /tsa(application/timestamp-query)申请时间戳。\n"));
}
