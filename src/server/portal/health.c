/* /healthz and /livez: whether all that the pages need is there, and whether this process answers
 * (docs/protocol/web.md). */
#include "server/portal/pages.h"
#include "evidence/log.h"
#include "server/notary/client.h"
#include "server/portal/run/converting.h"
#include <pthread.h>
#include <stdatomic.h>

enum { FRESH_MS = 500, OLD_MS = 5000, LOG_FAILING_MS = 5000 };

static enum err last_fn(struct tx *tx, void *arg)
{
	return log_journal_last(tx, false, arg);
}

static enum err check_store(const struct portal *p)
{
	uint64_t last = 0;
	return store_read(p->desk.store, last_fn, &last);
}

static enum err check_signer(const struct portal *p)
{
	return p->signer != NULL ? signer_alive(p->signer) : ERR_OK;
}

static enum err check_list(const struct portal *p)
{
	struct trust_crl_info crl;
	TRY(trust_crl_info(p->trust, &crl));
	return crl.next_update < clock_now(p->desk.clock) ? ERR(STALE, "revocation list is outdated") : ERR_OK;
}

static enum err check_notary(const struct portal *p)
{
	return p->notary != NULL ? notary_alive(p->notary) : ERR_OK;
}

static enum err check_converter(const struct portal *p)
{
	return p->converting != NULL ? converting_check(p->converting) : ERR_OK;
}

/* What is filed meanwhile is safe, but gets no receipt. One turn that fails is nothing: the next is half a second away.
 */
static enum err check_log(const struct portal *p)
{
	int64_t since = p->log_failing;
	return since != 0 && clock_mono_ms() - since > LOG_FAILING_MS ? ERR(STALE, "sequencer fails") : ERR_OK;
}

/* The words are an interface: monitors compare them. */
static const struct {
	const char *word;
	enum err (*check)(const struct portal *p);
} parts[] = {
	{"store", check_store},   {"signer", check_signer},       {"revocation-list", check_list},
	{"notary", check_notary}, {"converter", check_converter}, {"log", check_log},
};

static unsigned look(const struct portal *p)
{
	unsigned missing = 0;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (parts[i].check(p) != ERR_OK)
			missing |= 1u << i;
	err_clear();
	return missing;
}

/* One looks at a time and not more than twice a second: a part that hangs costs one worker, however many ask. Meanwhile
 * the others get what the last look found; they wait when there was none, or it is old. */
static unsigned missing_now(const struct portal *p)
{
	static pthread_mutex_t looking = PTHREAD_MUTEX_INITIALIZER;
	static atomic_uint last;
	static _Atomic int64_t next_ms; /* 0: nobody has looked */
	int64_t late = clock_mono_ms() - next_ms;
	bool wait = next_ms == 0 || late > OLD_MS;
	if (late < 0 || (!wait && pthread_mutex_trylock(&looking) != 0))
		return last;
	if (wait)
		(void)pthread_mutex_lock(&looking);
	if (clock_mono_ms() >= next_ms) {
		last = look(p);
		next_ms = clock_mono_ms() + FRESH_MS;
	}
	unsigned missing = last;
	(void)pthread_mutex_unlock(&looking);
	return missing;
}

enum err page_healthz(struct web_req *rq)
{
	unsigned missing = missing_now(portal_of(rq));
	AUTO_BUF(text, 256);
	AUTO_JSON all = json_object();
	json_t *list = json_array();
	if (missing == 0) {
		json_decref(list);
		return web_bytes(rq, "text/plain; charset=utf-8", SPAN_LIT("ok\n"));
	}
	TRY(json_put(all, "missing", list));
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if ((missing & 1u << i) != 0 && json_array_append_new(list, json_string(parts[i].word)) != 0)
			return ERR(NOMEM, "health");
	TRY(json_print(all, &text));
	web_status(rq, 503);
	web_header(rq, "Retry-After", "2");
	return web_bytes(rq, "application/json", buf_span(&text));
}

enum err page_livez(struct web_req *rq)
{
	return web_bytes(rq, "text/plain; charset=utf-8", SPAN_LIT("ok\n"));
}
