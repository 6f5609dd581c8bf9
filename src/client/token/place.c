#include "client/token/place.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = PLACE_PATH_MAX + 64, HEX_LEN = 2 * SM3_LEN };

static enum err read_cert(const struct place *p, const char *name, struct cert **ret_c)
{
	char path[PATH_ROOM];
	AUTO_BUF(der, CERT_DER_MAX);

	(void)snprintf(path, sizeof(path), "%s/%s", p->data, name);
	TRY(file_read(path, &der));
	return cert_parse(buf_span(&der), ret_c);
}

/* root.sm3 is 64 hex digits, with or without a line end. */
static enum err check_pin(const struct place *p, const struct cert *root, char ret_bureau[HEX_LEN + 1])
{
	char path[PATH_ROOM];
	char hex[HEX_LEN + 1];
	AUTO_BUF(pin, 128);

	(void)snprintf(path, sizeof(path), "%s/root.sm3", p->data);
	TRY(file_read(path, &pin));
	TRY(cert_sm3_hex(root, hex));
	if (!span_starts(buf_span(&pin), span_str(hex)) || (pin.len > HEX_LEN && pin.ptr[HEX_LEN] != '\n'))
		return ERR(CERT_CHAIN, "ca/root.cer is not the root pinned in root.sm3");
	(void)snprintf(ret_bureau, HEX_LEN + 1, "%s", hex);
	return ERR_OK;
}

enum err place_trust(struct place *p)
{
	AUTO(cert) root = NULL;
	AUTO(cert) ca = NULL;

	if (p->root != NULL)
		return ERR_OK;
	TRY(read_cert(p, "ca/root.cer", &root));
	TRY(read_cert(p, "ca/ca.cer", &ca));
	TRY(check_pin(p, root, p->bureau));
	p->root = STEAL(root);
	p->ca = STEAL(ca);
	return ERR_OK;
}

enum err place_find(struct place *p)
{
	const char *data = getenv("YINXIN_DATA"), *slots = getenv("YINXIN_SLOTS");
	char path[PATH_ROOM];

	int n = snprintf(p->data, sizeof(p->data), "%s", data != NULL && *data ? data : "./var");
	int m = slots != NULL && *slots ? snprintf(path, sizeof(path), "%s", slots)
	                                : snprintf(path, sizeof(path), "%s/slots", p->data);
	if (n < 0 || n >= PLACE_PATH_MAX || m < 0 || m >= PLACE_PATH_MAX)
		return ERR(LIMIT, "YINXIN_DATA or YINXIN_SLOTS is too long");
	memcpy(p->slots, path, (size_t)m + 1);
	(void)snprintf(path, sizeof(path), "%s/clock", p->data);
	return clock_open(path, &p->clock);
}

void place_done(struct place *p)
{
	clock_free(p->clock);
	cert_free(p->root);
	cert_free(p->ca);
}

int64_t place_now(const struct place *p)
{
	return clock_now(p->clock);
}

static enum err pick(const struct place *p, const char *key, struct bay_entry *ret_e)
{
	struct bay_entry list[BAY_SLOTS_MAX];
	size_t n = 0, at = 0;

	TRY(bay_call(p->slots, "LIST", list, &n));
	if (key == NULL && n > 1)
		return ERR(CARD_WRONG, "several keys are inserted: name one with --key");
	while (key != NULL && at < n && strcmp(list[at].name, key) != 0)
		at++;
	if (at >= n && key == NULL)
		return ERR(CARD_GONE, "no key is inserted");
	if (at >= n)
		return ERR(CARD_GONE, "key %s is not inserted", key);
	*ret_e = list[at];
	return ERR_OK;
}

enum err place_open(struct place *p, const char *key, struct token **ret_t)
{
	struct bay_entry e;
	struct reader *r = NULL;

	TRY(place_trust(p));
	TRY(pick(p, key, &e));
	TRY(reader_open(p->slots, e.slot, &r));
	const struct token_trust trust = {p->root, p->ca};
	return token_open(r, &trust, clock_now(p->clock), ret_t);
}
