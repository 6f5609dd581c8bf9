#include "server/escrow/client.h"
#include "ipc/peer.h"
#include "pki/envelope.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct escrow_client {
	char *path;
};

enum err escrow_client_new(const char *socket_path, struct escrow_client **ret_c)
{
	struct escrow_client *c = calloc(1, sizeof(*c));
	char *path = strdup(socket_path);

	if (c == NULL || path == NULL) {
		free(c);
		free(path);
		return ERR(NOMEM, "escrow client");
	}
	c->path = path;
	*ret_c = c;
	return ERR_OK;
}

void escrow_client_free(struct escrow_client *c)
{
	if (c == NULL)
		return;
	free(c->path);
	free(c);
}

static enum err call(struct escrow_client *c, const struct ipc_msg *request, struct ipc_msg **ret_answer)
{
	const struct ipc_type *answer = escrow_answer_of(ipc_type_of(request));
	int fd = -1;

	INVARIANT(answer);
	TRY(peer_connect(c->path, IPC_TIMEOUT_MS, &fd));
	enum err e = ipc_call(fd, request, answer, IPC_TIMEOUT_MS, ret_answer);
	close(fd);
	return e;
}

enum err escrow_hello(struct escrow_client *c, struct escrow_hello *ret_h)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	struct escrow_hello h;
	uint64_t state;

	TRY(ipc_msg_new(ESCROW_HELLO, &m));
	TRY(call(c, m, &a));
	TRY(ipc_get_u64(a, ET_STATE, &state));
	TRY(ipc_get_u64(a, ET_COUNT, &h.count));
	if (state != ESCROW_EMPTY && state != ESCROW_OPEN)
		return ERR(SYNTAX, "escrow is in the unknown state %llu", (unsigned long long)state);
	h.state = state == ESCROW_OPEN ? ESCROW_OPEN : ESCROW_EMPTY;
	memcpy(h.head, ipc_get(a, ET_HEAD).ptr, sizeof(h.head));
	*ret_h = h;
	return ERR_OK;
}

enum err escrow_setup(struct escrow_client *c, const struct sm2_pub *desk, const struct sm2_pub *legal)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(ESCROW_SETUP, &m));
	ipc_put(m, ET_DESK_PUB, SPAN_ARR(desk->b));
	ipc_put(m, ET_LEGAL_PUB, SPAN_ARR(legal->b));
	return call(c, m, &a);
}

enum err escrow_keypair(struct escrow_client *c, const char *owner, const struct sm2_pub *signing,
                        const uint8_t evidence[32], struct sm2_pub *ret_pub, struct buf *ret_enveloped)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	struct sm2_pub pub;

	TRY(ipc_msg_new(ESCROW_KEYPAIR, &m));
	ipc_put_str(m, ET_OWNER, owner);
	ipc_put(m, ET_SIGN_PUB, SPAN_ARR(signing->b));
	ipc_put(m, ET_EVIDENCE, span_of(evidence, 32));
	TRY(call(c, m, &a));
	TRY(sm2_pub_parse(ipc_get(a, ET_ENC_PUB), &pub));
	buf_put(ret_enveloped, ipc_get(a, ET_ENVELOPED));
	TRY(buf_err(ret_enveloped));
	*ret_pub = pub;
	return ERR_OK;
}

enum err escrow_data_key(struct escrow_client *c, struct secret **ret_key)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	AUTO(secret) key = NULL;

	TRY(ipc_msg_new(ESCROW_DATA_KEY, &m));
	TRY(call(c, m, &a));
	TRY(ipc_take_secret(a, &key));
	if (secret_len(key) != ESCROW_DATA_KEY_LEN)
		return ERR(SYNTAX, "field-data key of %zu octets", secret_len(key));
	*ret_key = STEAL(key);
	return ERR_OK;
}

enum err escrow_unlock_key(struct escrow_client *c, const char *card_serial, const struct sm2_pub *device,
                           struct buf *ret_cipher)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(ESCROW_UNLOCK_KEY, &m));
	ipc_put_str(m, ET_CARD_SERIAL, card_serial);
	ipc_put(m, ET_DEVICE_PUB, SPAN_ARR(device->b));
	TRY(call(c, m, &a));
	buf_put(ret_cipher, ipc_get(a, ET_CIPHER));
	return buf_err(ret_cipher);
}
