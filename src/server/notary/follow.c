#include "server/notary/follow.h"
#include "ipc/frame.h"
#include "ipc/peer.h"
#include "server/signer/feed.h"
#include "server/signer/proto.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_MS = 500, ROUNDS_MAX = 1 << 20 };

struct follow {
	struct follow_plan plan;
	struct status *status;
	bool broken;   /* another journal, or a record that does not fit */
	bool answered; /* the last try went well */
	int64_t time;  /* of the newest complete feed */
	int64_t tried_ms, got_ms;
	uint64_t last;
	uint8_t head[32];
};

enum err follow_new(const struct follow_plan *plan, struct follow **ret_f)
{
	AUTO(follow) f = calloc(1, sizeof(*f));

	if (f == NULL)
		return ERR(NOMEM, "follower of the journal");
	f->plan = *plan;
	TRY(status_new(&f->status));
	*ret_f = STEAL(f);
	return ERR_OK;
}

void follow_free(struct follow *f)
{
	if (f == NULL)
		return;
	status_free(f->status);
	free(f);
}

/* --- one answer --- */

static enum err feed_of(const struct follow *f, const struct ipc_msg *a, struct feed *ret_feed)
{
	struct feed feed = {.from = status_seq(f->status) + 1, .count = ipc_count(a, ST_RECORD)};
	uint64_t time = 0;
	AUTO(sm3) h = NULL;

	memcpy(feed.bureau, f->plan.bureau, sizeof(feed.bureau));
	TRY(sm3_new(&h));
	for (size_t i = 0; i < feed.count; i++)
		TRY(feed_add(h, ipc_get_n(a, ST_RECORD, i)));
	TRY(sm3_final(h, feed.records));
	TRY(ipc_get_u64(a, ST_JOURNAL_SEQ, &feed.last));
	TRY(ipc_get_u64(a, ST_TIME, &time));
	feed.time = (int64_t)time;
	memcpy(feed.head, ipc_get(a, ST_FEED_HEAD).ptr, sizeof(feed.head));
	*ret_feed = feed;
	return ERR_OK;
}

static enum err sig_check(const struct follow *f, const struct ipc_msg *a, const struct feed *feed)
{
	struct sm2_sig sig;
	AUTO_BUF(text, FEED_TEXT_MAX);

	TRY(feed_text(feed, &text));
	memcpy(sig.b, ipc_get(a, ST_FEED_SIG).ptr, sizeof(sig.b));
	return gm_verify(cert_pub(f->plan.ca), buf_span(&text), &sig);
}

/* The signature is good: is it the journal that is known, going on? */
static enum err goes_on(const struct follow *f, const struct feed *feed)
{
	uint64_t have = status_seq(f->status);

	if (feed->last < f->last || feed->last < have || feed->last < f->plan.least_seq ||
	    feed->count > feed->last - have)
		return ERR(JOURNAL, "the journal ends at %llu and was longer", (unsigned long long)feed->last);
	if (feed->last == f->last && f->last > 0 && !span_eq(SPAN_ARR(feed->head), SPAN_ARR(f->head)))
		return ERR(JOURNAL, "another journal of the same length");
	return ERR_OK;
}

enum err follow_take(struct follow *f, const struct ipc_msg *answer, bool *ret_done)
{
	struct feed feed;

	if (f->broken)
		return ERR(JOURNAL, "the signer's journal did not fit; the notary must be restarted");
	TRY(feed_of(f, answer, &feed));
	TRY(sig_check(f, answer, &feed));
	if (feed.time > clock_now(f->plan.clock) + FOLLOW_AHEAD_SEC)
		return ERR(STALE, "feed is dated ahead");
	enum err e = goes_on(f, &feed);
	for (size_t i = 0; e == ERR_OK && i < feed.count; i++)
		e = status_apply(f->status, ipc_get_n(answer, ST_RECORD, i));
	f->broken = e != ERR_OK;
	TRY(e);
	f->last = feed.last;
	memcpy(f->head, feed.head, sizeof(f->head));
	*ret_done = status_seq(f->status) == feed.last;
	if (*ret_done) {
		f->time = feed.time;
		f->got_ms = clock_mono_ms();
	} else if (feed.count == 0) {
		return ERR(SYNTAX, "feed without records before the journal's end");
	}
	return ERR_OK;
}

/* --- from the socket --- */

static enum err round_trip(struct follow *f, int fd, int within_ms, bool *ret_done)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(SIGNER_FEED, &m));
	ipc_put_u64(m, ST_SEQ, status_seq(f->status) + 1);
	TRY(ipc_call(fd, m, signer_answer_of(SIGNER_FEED), within_ms, &a));
	return follow_take(f, a, ret_done);
}

enum err follow_now(struct follow *f, int within_ms)
{
	bool done = false;
	enum err e = ERR_OK;
	int fd = -1;

	f->tried_ms = clock_mono_ms();
	f->answered = false;
	TRY(peer_connect(f->plan.signer_socket, CONNECT_MS, &fd));
	for (int i = 0; e == ERR_OK && !done && i < ROUNDS_MAX; i++)
		e = round_trip(f, fd, within_ms, &done);
	(void)close(fd);
	f->tried_ms = clock_mono_ms();
	f->answered = e == ERR_OK;
	return e;
}

/* Both clocks must agree: the settable one may be moved, the other one may not have run on a sleeping machine. */
enum err follow_check_fresh(const struct follow *f)
{
	int64_t age = clock_now(f->plan.clock) - f->time;

	if (f->broken)
		return ERR(JOURNAL, "the signer's journal did not fit");
	if (f->time == 0 || age > FOLLOW_MAX_AGE_SEC || age < -FOLLOW_AHEAD_SEC ||
	    clock_mono_ms() - f->got_ms > FOLLOW_MAX_AGE_SEC * 1000)
		return ERR(UNAVAILABLE, "the newest word of the signer is too old");
	return ERR_OK;
}

/* A jump of the clock, or a sleep of the machine, makes the newest word old at once; a signer that does not answer
 * makes it old too, and is not asked more often for that. */
bool follow_is_due(const struct follow *f)
{
	/* Who hangs is asked less often: the one thread that answers waits for him. */
	if (f->tried_ms == 0 || clock_mono_ms() - f->tried_ms >= (f->answered ? FOLLOW_EVERY_MS : FOLLOW_RETRY_MS))
		return true;
	bool old = f->answered && follow_check_fresh(f) != ERR_OK;
	if (old)
		err_clear();
	return old;
}

const struct status *follow_status(const struct follow *f)
{
	return f->status;
}

int64_t follow_time(const struct follow *f)
{
	return f->time;
}
