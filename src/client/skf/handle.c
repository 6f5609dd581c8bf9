/* Handle and device tables. A handle is index, kind and birth number, never a pointer: a stale one is recognised. */
#include "client/skf/skf_i.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	enum skf_kind kind; /* 0: free */
	unsigned birth, dev, dev_birth;
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot handles[SKF_HANDLES];
static struct skf_dev devs[SKF_DEVS];
static unsigned births;
static struct cert *trust_root, *trust_ca;

void skf_enter(void)
{
	pthread_mutex_lock(&lock);
	err_clear();
}

ULONG skf_leave(enum err e)
{
	pthread_mutex_unlock(&lock);
	return e == ERR_OK ? 0 : err_skf(e);
}

enum err skf_slots(char *ret_dir, size_t size)
{
	const char *set = getenv("YINXIN_SLOTS"), *home = getenv("HOME");
	int len = set != NULL && *set ? snprintf(ret_dir, size, "%s", set)
	                              : snprintf(ret_dir, size, "%s/.yinxin/slots", home != NULL ? home : "");

	return len >= 0 && (size_t)len < size ? ERR_OK : ERR(LIMIT, "slots directory");
}

/* --- handles --- */

static HANDLE pack(size_t index, enum skf_kind kind, unsigned birth)
{
	return (HANDLE)((uintptr_t)(birth & 0xFFFF) << 16 | (uintptr_t)kind << 12 | (uintptr_t)index);
}

static struct slot *find(enum skf_kind kind, HANDLE h)
{
	uintptr_t v = (uintptr_t)h;
	size_t index = v & 0xFFF;

	if (index >= SKF_HANDLES || handles[index].kind != kind || pack(index, kind, handles[index].birth) != h)
		return NULL;
	return &handles[index];
}

enum err skf_handle_new(enum skf_kind kind, struct skf_dev *dev, HANDLE *ret_h)
{
	for (size_t i = 0; i < SKF_HANDLES; i++) {
		if (handles[i].kind)
			continue;
		handles[i] = (struct slot){kind, ++births & 0xFFFF, (unsigned)(dev - devs), dev->birth};
		*ret_h = pack(i, kind, handles[i].birth);
		return ERR_OK;
	}
	return ERR(NOMEM, "all %d handles are in use", SKF_HANDLES);
}

enum err skf_handle_close(enum skf_kind kind, HANDLE h)
{
	struct slot *s = find(kind, h);

	if (s == NULL)
		return ERR(HANDLE, "no such handle");
	memset(s, 0, sizeof(*s));
	return ERR_OK;
}

enum err skf_dev_of(enum skf_kind kind, HANDLE h, struct skf_dev **ret_dev)
{
	const struct slot *s = find(kind, h);

	if (s == NULL || devs[s->dev].token == NULL || devs[s->dev].birth != s->dev_birth)
		return ERR(HANDLE, "no such handle");
	*ret_dev = &devs[s->dev];
	return ERR_OK;
}

/* --- devices --- */

enum err skf_note(struct skf_dev *dev, enum err e)
{
	if (e == ERR_CARD_GONE)
		dev->gone = true;
	return e;
}

void skf_forget_import(struct skf_dev *dev)
{
	buf_done(&dev->sign_cert);
	buf_done(&dev->enc_cert);
	buf_done(&dev->enveloped);
}

static void dev_drop(struct skf_dev *dev)
{
	skf_forget_import(dev);
	token_free(dev->token);
	memset(dev, 0, sizeof(*dev));
}

/* A second connection of this process shares the first, unless that card has gone meanwhile. */
static struct skf_dev *dev_shared(const char *name)
{
	struct token_info info;

	for (size_t i = 0; i < SKF_DEVS; i++) {
		struct skf_dev *d = &devs[i];
		if (d->token == NULL || d->gone || strcmp(d->name, name) != 0)
			continue;
		if (token_info(d->token, &info) == ERR_OK)
			return d;
		d->gone = true;
		err_clear();
	}
	return NULL;
}

/* The bureau's clock, which only a demonstration moves. */
static int64_t now(void)
{
	AUTO(clock) c = NULL;
	char path[4096] = "";
	const char *set = getenv("YINXIN_CLOCK"), *data = getenv("YINXIN_DATA");

	if (set == NULL && data != NULL && snprintf(path, sizeof(path), "%s/clock", data) < (int)sizeof(path))
		set = path;
	if (clock_open(set, &c) != ERR_OK)
		err_clear();
	return clock_now(c);
}

static enum err dev_open(const char *name, struct skf_dev **ret_dev)
{
	char dir[4096];
	struct reader *reader;
	const struct token_trust trust = {trust_root, trust_ca};
	struct skf_dev *d = NULL;

	for (size_t i = 0; i < SKF_DEVS && d == NULL; i++)
		d = devs[i].token != NULL ? NULL : &devs[i];
	if (d == NULL)
		return ERR(NOMEM, "all %d devices are in use", SKF_DEVS);
	TRY(skf_slots(dir, sizeof(dir)));
	TRY(reader_open(dir, name, &reader));
	TRY(token_open_any(reader, trust_root ? &trust : NULL, now(), &d->token));
	(void)snprintf(d->name, sizeof(d->name), "%s", name);
	d->birth = ++births & 0xFFFF;
	*ret_dev = d;
	return ERR_OK;
}

enum err skf_connect(const char *name, HANDLE *ret_h)
{
	struct skf_dev *d = dev_shared(name);

	if (d == NULL)
		TRY(dev_open(name, &d));
	enum err e = skf_handle_new(SKF_KIND_DEV, d, ret_h);
	if (e == ERR_OK)
		d->refs++;
	else if (d->refs == 0)
		dev_drop(d);
	return e;
}

enum err skf_disconnect(HANDLE h)
{
	struct skf_dev *d;

	TRY(skf_dev_of(SKF_KIND_DEV, h, &d));
	TRY(skf_handle_close(SKF_KIND_DEV, h));
	if (d->locked_by == h) {
		d->locked_by = NULL;
		d->locks = 0;
	}
	if (--d->refs == 0)
		dev_drop(d);
	return ERR_OK;
}

/* Connections that stand keep the judgement they were opened with. */
enum err skf_set_trust(struct span root, struct span ca)
{
	AUTO(cert) new_root = NULL;
	AUTO(cert) new_ca = NULL;

	if (root.len > 0 || ca.len > 0) {
		TRY(cert_parse(root, &new_root));
		TRY(cert_parse(ca, &new_ca));
	}
	cert_free(trust_root);
	cert_free(trust_ca);
	trust_root = STEAL(new_root);
	trust_ca = STEAL(new_ca);
	return ERR_OK;
}

/* --- conventions --- */

enum err skf_give(struct span from, void *out, ULONG *len)
{
	if (len == NULL)
		return ERR(USAGE, "no place for the length");
	ULONG room = *len;
	*len = (ULONG)from.len;
	if (out == NULL)
		return ERR_OK;
	if (room < from.len)
		return ERR(BUFFER_SMALL, "%u for %zu", room, from.len);
	if (from.len > 0)
		memcpy(out, from.ptr, from.len);
	return ERR_OK;
}

enum err skf_pin(const char *pin, struct secret **ret_s)
{
	if (pin == NULL)
		return ERR(USAGE, "no PIN");
	size_t len = strnlen(pin, SKF_PIN_MAX + 1);
	if (len < 1 || len > SKF_PIN_MAX)
		return ERR(PIN_RANGE, "PIN of %zu characters", len);
	return secret_from(span_of(pin, len), ret_s);
}

void skf_pub_blob(const struct sm2_pub *pub, SKF_ECCPUBLICKEYBLOB *ret_blob)
{
	memset(ret_blob, 0, sizeof(*ret_blob));
	ret_blob->BitLen = 256;
	memcpy(ret_blob->XCoordinate + 32, pub->b + 1, 32);
	memcpy(ret_blob->YCoordinate + 32, pub->b + 33, 32);
}
