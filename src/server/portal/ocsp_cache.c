#include "server/portal/ocsp_cache.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	uint64_t seq;
	struct ocsp_kept kept;
	size_t request_len, response_len;
	uint8_t *octets; /* request, then response; NULL: free */
};
struct ocsp_cache {
	pthread_mutex_t lock; /* of the slots */
	pthread_mutex_t looking;
	uint64_t seq;
	int64_t looked_ms; /* 0: nothing is known */
	int64_t failed_ms; /* 0: the last question was answered; these three under lock */
	struct slot v[OCSP_CACHE_SLOTS];
};

enum err ocsp_cache_new(struct ocsp_cache **ret_c)
{
	struct ocsp_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return ERR(NOMEM, "answers kept");
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_mutex_init(&c->looking, NULL);
	*ret_c = c;
	return ERR_OK;
}

void ocsp_cache_free(struct ocsp_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < OCSP_CACHE_SLOTS; i++)
		free(c->v[i].octets);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_mutex_destroy(&c->looking);
	free(c);
}

/* FNV-1a. Whoever makes requests fall into one slot makes his own slow. */
static struct slot *slot_of(struct ocsp_cache *c, struct span request)
{
	uint64_t h = 14695981039346656037ull;

	for (size_t i = 0; i < request.len; i++)
		h = (h ^ request.ptr[i]) * 1099511628211ull;
	return &c->v[h % OCSP_CACHE_SLOTS];
}

enum knowing { TO_BE_ASKED, KNOWN, AWAY };

static enum knowing known(struct ocsp_cache *c, uint64_t *ret_seq)
{
	(void)pthread_mutex_lock(&c->lock);
	int64_t now = clock_mono_ms();
	bool fresh = c->looked_ms > 0 && now - c->looked_ms < OCSP_CACHE_LOOK_MS;
	bool away = c->failed_ms > 0 && now - c->failed_ms < OCSP_CACHE_RETRY_MS;
	*ret_seq = c->seq;
	(void)pthread_mutex_unlock(&c->lock);
	return fresh ? KNOWN : away ? AWAY : TO_BE_ASKED;
}

/* The time is that of the question: the answer may be older than its arrival. */
static enum err look(struct ocsp_cache *c, struct notary_client *n, uint64_t *ret_seq)
{
	int64_t asked = clock_mono_ms();
	enum err e = notary_seq(n, ret_seq);

	(void)pthread_mutex_lock(&c->lock);
	c->looked_ms = e == ERR_OK ? asked : 0;
	c->failed_ms = e == ERR_OK ? 0 : clock_mono_ms();
	c->seq = *ret_seq;
	(void)pthread_mutex_unlock(&c->lock);
	return e == ERR_OK ? e : err_note(ERR_UNAVAILABLE, "notary: %s", err_name(e));
}

enum err ocsp_cache_seq(struct ocsp_cache *c, struct notary_client *n, uint64_t *ret_seq)
{
	uint64_t seq = 0;
	enum knowing k = known(c, &seq);
	enum err e = ERR_OK;

	if (k == TO_BE_ASKED) {
		(void)pthread_mutex_lock(&c->looking);
		k = known(c, &seq); /* another one may have looked meanwhile */
		if (k == TO_BE_ASKED)
			e = look(c, n, &seq);
		(void)pthread_mutex_unlock(&c->looking);
	}
	TRY(e);
	if (k == AWAY)
		return ERR(UNAVAILABLE, "the notary did not answer just now");
	*ret_seq = seq;
	return ERR_OK;
}

static bool is_good(const struct slot *s, struct span request, uint64_t seq, int64_t now)
{
	return s->octets != NULL && s->seq == seq && s->kept.times.this_update <= now &&
	       s->kept.times.next_update >= now + OCSP_CACHE_LEFT_SEC &&
	       span_eq(request, span_of(s->octets, s->request_len));
}

enum err ocsp_cache_get(struct ocsp_cache *c, struct span request, uint64_t seq, int64_t now, struct buf *out,
                        struct ocsp_kept *ret_k)
{
	const struct slot *s = slot_of(c, request);

	(void)pthread_mutex_lock(&c->lock);
	bool good = is_good(s, request, seq, now);
	if (good) {
		buf_put(out, span_of(s->octets + s->request_len, s->response_len));
		*ret_k = s->kept;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return good ? buf_err(out) : ERR(ABSENT, "no answer kept");
}

void ocsp_cache_put(struct ocsp_cache *c, struct span request, uint64_t seq, struct span response,
                    const struct ocsp_kept *k)
{
	struct slot *s = slot_of(c, request);
	uint8_t *octets = malloc(request.len + response.len), *old;

	if (octets == NULL || request.len == 0 || response.len == 0) { /* costs the next one a question */
		free(octets);
		return;
	}
	memcpy(octets, request.ptr, request.len);
	memcpy(octets + request.len, response.ptr, response.len);
	(void)pthread_mutex_lock(&c->lock);
	old = s->octets;
	*s = (struct slot){seq, *k, request.len, response.len, octets};
	(void)pthread_mutex_unlock(&c->lock);
	free(old);
}
