/* OCSP answers and time stamps. */
#include "gm/rand.h"
#include "gm/sm3.h"
#include "pki/ocsp.h"
#include "pki/tsp.h"
#include "server/notary/notary_i.h"
#include <string.h>

/* --- OCSP --- */

/* The signer's newest word. A status that the portal is to keep as evidence was asked for after the act: the journal is
 * read again, for a revocation of this second must show. */
static enum err refresh(struct serve_ctx *s, bool again)
{
	if (again || follow_is_due(s->follow)) {
		enum err e = follow_now(s->follow, again ? FOLLOW_PATIENT_MS : FOLLOW_BRISK_MS);
		if (e == ERR_JOURNAL || (e != ERR_OK && again))
			return e;
		err_clear();
	}
	return follow_check_fresh(s->follow);
}

static struct ocsp_item item_of(const struct serve_ctx *s, const struct ocsp_id *id, bool is_of)
{
	char serial[OCSP_SERIAL_HEX];
	int64_t at = follow_time(s->follow);
	struct ocsp_item i = {.id = *id,
	                      .status = {OCSP_UNKNOWN, 0, CRL_UNSPECIFIED},
	                      .this_update = at,
	                      .next_update = at + FOLLOW_MAX_AGE_SEC};

	ocsp_id_serial(id, serial);
	if (is_of)
		i.status = status_find(follow_status(s->follow), serial);
	return i;
}

/* --- answers signed before --- */

enum { TURN_SIGNS = 16 };

static bool may_be_kept(const struct ocsp_request *r)
{
	return r->n == 1 && r->nonce.len == 0 && r->ids[0].hash == OCSP_SM3;
}

/* A failure costs a signature next time, no more. */
static void keep(struct serve_ctx *s, const struct ocsp_item *i, struct span der)
{
	if (presign_put(s->presign, i, der) != ERR_OK)
		err_clear();
}

/* RFC 6960, 2.3: for a request about another authority's certificates alone there is nobody here to answer. */
static enum err answer(struct serve_ctx *s, const struct ocsp_request *r, bool kept, struct buf *out,
                       struct presign_times *ret_t)
{
	struct ocsp_item items[OCSP_ITEMS_MAX];
	size_t ours = 0, before = out->len;

	for (size_t i = 0; i < r->n; i++) {
		bool is_of = false;
		TRY(ocsp_id_check(&r->ids[i], state_certs(s->state)->ca, &is_of));
		items[i] = item_of(s, &r->ids[i], is_of);
		ours += is_of;
	}
	if (ours == 0) {
		ocsp_failure_put(out, OCSP_UNAUTHORIZED);
		return buf_err(out);
	}
	if (kept && presign_get(s->presign, &r->ids[0], &items[0].status, notary_now(s), out, ret_t) == ERR_OK)
		return ERR_OK;
	err_clear();
	struct ocsp_spec spec = {.signer = state_certs(s->state)->own[TRIO_OCSP],
	                         .key = state_trio(s->state)->key[TRIO_OCSP],
	                         .produced = notary_now(s),
	                         .nonce = r->nonce,
	                         .items = items,
	                         .n = r->n};
	TRY(ocsp_response_build(&spec, out));
	*ret_t = (struct presign_times){items[0].this_update, items[0].next_update};
	if (kept)
		keep(s, &items[0], span_sub(buf_span(out), before, out->len - before));
	return ERR_OK;
}

static enum err presign_one(struct serve_ctx *s, const char *serial)
{
	struct ocsp_request r;
	AUTO_BUF(request, OCSP_REQUEST_MAX);
	AUTO_BUF(der, OCSP_DER_MAX);

	TRY(ocsp_request_build(state_certs(s->state)->ca, OCSP_SM3, &serial, 1, SPAN_EMPTY, &request));
	TRY(ocsp_request_parse(buf_span(&request), &r));
	struct ocsp_item item = item_of(s, &r.ids[0], true);
	struct ocsp_spec spec = {.signer = state_certs(s->state)->own[TRIO_OCSP],
	                         .key = state_trio(s->state)->key[TRIO_OCSP],
	                         .produced = notary_now(s),
	                         .items = &item,
	                         .n = 1};
	TRY(ocsp_response_build(&spec, &der));
	return presign_put(s->presign, &item, buf_span(&der));
}

void presign_turn(struct serve_ctx *s)
{
	int64_t now = notary_now(s);
	const char *serial;

	if (follow_check_fresh(s->follow) != ERR_OK) {
		err_clear();
		return;
	}
	for (size_t i = 0, signs = 0;
	     signs < TURN_SIGNS && (serial = status_newest(follow_status(s->follow), i)) != NULL; i++) {
		struct ocsp_status is = status_find(follow_status(s->follow), serial);
		if (presign_has(s->presign, serial, &is, now, PRESIGN_AHEAD_SEC))
			continue;
		signs++;
		if (presign_one(s, serial) != ERR_OK)
			err_clear();
	}
}

enum err on_ocsp(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO_BUF(der, OCSP_DER_MAX);
	struct ocsp_request r = {.n = 0};
	struct presign_times t = {0, 0};

	enum err e = ocsp_request_parse(ipc_get(in, NT_REQUEST), &r);
	if (e != ERR_OK) {
		ocsp_failure_put(&der, e == ERR_NOT_SUPPORTED ? OCSP_UNAUTHORIZED : OCSP_MALFORMED);
	} else if (refresh(s, false) != ERR_OK) {
		ocsp_failure_put(&der, OCSP_TRY_LATER);
	} else {
		TRY(answer(s, &r, may_be_kept(&r), &der, &t));
	}
	err_clear();
	TRY(buf_err(&der));
	ipc_put(out, NT_RESPONSE, buf_span(&der));
	if (may_be_kept(&r) && t.next_update > 0) {
		ipc_put_u64(out, NT_THIS_UPDATE, (uint64_t)t.this_update);
		ipc_put_u64(out, NT_NEXT_UPDATE, (uint64_t)t.next_update);
	}
	return ERR_OK;
}

static enum err serial_text(struct span s, char ret_hex[OCSP_SERIAL_HEX])
{
	if (s.len >= OCSP_SERIAL_HEX || memchr(s.ptr, 0, s.len) != NULL)
		return ERR(SYNTAX, "serial number");
	memcpy(ret_hex, s.ptr, s.len);
	ret_hex[s.len] = '\0';
	return ERR_OK;
}

enum err on_status(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	char text[OCSP_ITEMS_MAX][OCSP_SERIAL_HEX];
	const char *serials[OCSP_ITEMS_MAX];
	size_t n = ipc_count(in, NT_SERIAL);
	struct ocsp_request r;
	struct presign_times t;
	AUTO_BUF(request, OCSP_REQUEST_MAX);
	AUTO_BUF(der, OCSP_DER_MAX);

	if (n > OCSP_ITEMS_MAX)
		return ERR(LIMIT, "%zu serial numbers", n);
	for (size_t i = 0; i < n; i++) {
		TRY(serial_text(ipc_get_n(in, NT_SERIAL, i), text[i]));
		serials[i] = text[i];
	}
	TRY(refresh(s, true));
	TRY(ocsp_request_build(state_certs(s->state)->ca, OCSP_SM3, serials, n, SPAN_EMPTY, &request));
	TRY(ocsp_request_parse(buf_span(&request), &r));
	TRY(answer(s, &r, false, &der, &t));
	ipc_put(out, NT_RESPONSE, buf_span(&der));
	return ERR_OK;
}

/* --- stamps --- */

/* RFC 3161, 2.4.2: a number of its own for every stamp, also after a crash: 127 random bits. */
static enum err stamp(struct serve_ctx *s, const struct tsp_request *r, struct buf *out)
{
	struct tsp_spec spec = {.signer = state_certs(s->state)->own[TRIO_TSA],
	                        .key = state_trio(s->state)->key[TRIO_TSA],
	                        .request = r,
	                        .time = notary_now(s)};

	do {
		TRY(rand_bytes(spec.serial, sizeof(spec.serial)));
		spec.serial[0] &= 0x7f;
	} while (spec.serial[0] == 0);
	return tsp_response_build(&spec, out);
}

enum err on_stamp(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO_BUF(der, TSP_DER_MAX);
	struct tsp_request r;

	if (tsp_request_parse(ipc_get(in, NT_REQUEST), &r) != ERR_OK) {
		err_clear();
		tsp_failure_put(&der, TSP_BAD_FORMAT);
	} else if (r.fault != TSP_GRANTED) {
		tsp_failure_put(&der, r.fault);
	} else {
		TRY(stamp(s, &r, &der));
	}
	TRY(buf_err(&der));
	ipc_put(out, NT_RESPONSE, buf_span(&der));
	return ERR_OK;
}

enum err stamp_digest(struct serve_ctx *s, const uint8_t sm3[32], struct buf *ret_token)
{
	AUTO_BUF(request, TSP_REQUEST_MAX);
	AUTO_BUF(response, TSP_DER_MAX);
	struct tsp_request r;
	struct span token;

	TRY(tsp_request_build(sm3, SPAN_EMPTY, true, &request));
	TRY(tsp_request_parse(buf_span(&request), &r));
	TRY(stamp(s, &r, &response));
	TRY(tsp_response_token(buf_span(&response), &token));
	buf_put(ret_token, token);
	return buf_err(ret_token);
}
