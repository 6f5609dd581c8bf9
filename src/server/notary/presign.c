#include "server/notary/presign.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	char serial[OCSP_SERIAL_HEX]; /* "" free */
	uint8_t alg[PRESIGN_ALG_MAX];
	size_t alg_len;
	struct ocsp_status status;
	int64_t this_update, next_update;
	uint8_t *der; /* owned */
	size_t len;
};
struct presign {
	struct slot v[PRESIGN_SLOTS];
};

enum err presign_new(struct presign **ret_p)
{
	struct presign *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return ERR(NOMEM, "answers kept");
	*ret_p = p;
	return ERR_OK;
}

void presign_free(struct presign *p)
{
	for (size_t i = 0; p != NULL && i < PRESIGN_SLOTS; i++)
		free(p->v[i].der);
	free(p);
}

/* FNV-1a; serial numbers are random already. */
static size_t place(const char *serial)
{
	uint64_t h = 14695981039346656037ull;

	for (const char *c = serial; *c; c++)
		h = (h ^ (uint8_t)*c) * 1099511628211ull;
	return (size_t)(h % PRESIGN_SLOTS);
}

static bool same_status(const struct ocsp_status *a, const struct ocsp_status *b)
{
	return a->state == b->state && a->revoked_at == b->revoked_at && a->reason == b->reason;
}

/* Not before its time either: the settable clock may have been moved back. */
static bool is_good(const struct slot *s, const char *serial, const struct ocsp_status *status, int64_t now,
                    int64_t ahead)
{
	return strcmp(s->serial, serial) == 0 && same_status(&s->status, status) && s->this_update <= now &&
	       s->next_update >= now + ahead;
}

bool presign_has(const struct presign *p, const char *serial, const struct ocsp_status *status, int64_t now,
                 int64_t ahead)
{
	return is_good(&p->v[place(serial)], serial, status, now, ahead);
}

enum err presign_get(const struct presign *p, const struct ocsp_id *id, const struct ocsp_status *status, int64_t now,
                     struct buf *out, struct presign_times *ret_t)
{
	char serial[OCSP_SERIAL_HEX];

	ocsp_id_serial(id, serial);
	const struct slot *s = &p->v[place(serial)];
	/* The identifier is echoed in the answer as it came: an algorithm in another form needs an answer of its own.
	 */
	if (!is_good(s, serial, status, now, PRESIGN_LEFT_SEC) || !span_eq(id->alg, span_of(s->alg, s->alg_len)))
		return ERR(ABSENT, "no answer kept for %s", serial);
	buf_put(out, span_of(s->der, s->len));
	TRY(buf_err(out));
	*ret_t = (struct presign_times){s->this_update, s->next_update};
	return ERR_OK;
}

enum err presign_put(struct presign *p, const struct ocsp_item *item, struct span der)
{
	struct slot s = {.alg_len = item->id.alg.len,
	                 .status = item->status,
	                 .this_update = item->this_update,
	                 .next_update = item->next_update,
	                 .len = der.len};

	if (s.alg_len > sizeof(s.alg))
		return ERR(LIMIT, "algorithm of %zu octets", s.alg_len);
	ocsp_id_serial(&item->id, s.serial);
	memcpy(s.alg, item->id.alg.ptr, s.alg_len);
	s.der = malloc(der.len > 0 ? der.len : 1);
	if (s.der == NULL)
		return ERR(NOMEM, "answer kept");
	memcpy(s.der, der.ptr, der.len);
	struct slot *at = &p->v[place(s.serial)];
	free(at->der);
	*at = s;
	return ERR_OK;
}
