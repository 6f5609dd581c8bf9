/* The demonstration's keys as a person sees them: demo.json and the list at the start. What the ceremony made is in
 * demo.json; what the desk issued since stands on the cards, which are read here without being changed. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cmd/demo.h"
#include "cmd/init_hand.h"
#include "gm/rand.h"
#include "pki/attest.h"

#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { DEMO_JSON_MAX = 64 * 1024 };

/* --- one card, read only: the slots' process may hold the same card, and only one of the two may write it --- */

static enum err keep_nothing(void *ctx, struct span image)
{
	(void)ctx;
	(void)image;
	return ERR_OK;
}

static enum err random_bytes(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	return rand_bytes(out, len);
}

static enum err apdu(void *card, struct span command, struct buf *response)
{
	card_apdu(card, command, response);
	return ERR_OK;
}

static enum err open_card(const struct bureau *b, const char *name, struct card **ret_card, struct token **ret_t)
{
	static const struct card_io io = {.store = keep_nothing, .random = random_bytes};
	char path[PATH_LEN_MAX];
	struct reader *r = NULL;
	AUTO(secret) image = NULL;
	AUTO(card) card = NULL;
	TRY(path_of(b->data, "keys", name, ".card", path));
	TRY(file_read_secret(path, CARD_IMAGE_MAX, &image));
	TRY(card_open(secret_span(image), &io, &card));
	TRY(reader_open_memory(apdu, card, &r));
	TRY(token_open_any(r, NULL, clock_now(NULL), ret_t));
	*ret_card = STEAL(card);
	return ERR_OK;
}

static const char *pin_words(const json_t *key, const struct token_info *info)
{
	if (*json_str_or(key, "pin", ""))
		return "演示程序随机设置";
	if (!info->pin_set)
		return "未设置";
	return info->pin_by == ATTEST_PIN_HOLDER ? "持有人在窗口自设" : "传递密码";
}

static enum err put_holder(json_t *key, struct token *t)
{
	AUTO(cert) c = NULL;
	enum err e = token_cert(t, true, &c);
	if (e == ERR_CERT_ABSENT)
		return ERR_OK;
	TRY(e);
	TRY(json_put_str(key, "holder", span_str(cert_common_name(c))));
	return json_put_str(key, "unit", span_str(cert_org(c)));
}

static enum err read_key(const struct bureau *b, json_t *key)
{
	struct token_info info;
	AUTO(card) card = NULL;
	AUTO(token) t = NULL; /* closed before its card */
	TRY(open_card(b, json_str_or(key, "name", ""), &card, &t));
	TRY(token_info(t, &info));
	if (info.state == TOKEN_READY)
		TRY(put_holder(key, t));
	return json_put_str(key, "pin_set_by", span_str(pin_words(key, &info)));
}

/* --- demo.json --- */

static enum err load(const struct bureau *b, struct buf *text, json_t **ret_doc)
{
	char path[BUREAU_PATH_MAX];
	TRY(bureau_path(b, "demo.json", path, sizeof(path)));
	TRY(file_read(path, text));
	return json_parse(buf_span(text), ret_doc);
}

/* A card that cannot be read leaves its entry as it was. */
static enum err refresh(const struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	size_t i;
	json_t *key;
	AUTO_BUF(old, DEMO_JSON_MAX);
	AUTO_BUF(text, DEMO_JSON_MAX);
	AUTO_JSON doc = NULL;
	TRY(load(b, &old, &doc));
	json_array_foreach(json_object_get(doc, "keys"), i, key)
		if (read_key(b, key) != ERR_OK)
			err_clear();
	TRY(json_print(doc, &text));
	if (span_eq(buf_span(&old), buf_span(&text)))
		return ERR_OK;
	TRY(bureau_path(b, "demo.json", path, sizeof(path)));
	return file_replace(path, buf_span(&text), 0600);
}

int demo_watch(const struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	enum err e = bureau_path(b, "keys", path, sizeof(path));
	if (fd >= 0 && (e != ERR_OK || inotify_add_watch(fd, path, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)) {
		(void)close(fd);
		fd = -1;
	}
	err_clear();
	return fd;
}

void demo_refresh(const struct bureau *b)
{
	(void)(refresh(b) != ERR_OK);
	err_clear();
}

static void print_key(const json_t *k)
{
	const char *pin = json_str_or(k, "pin", ""), *holder = json_str_or(k, "holder", ""),
		   *unit = json_str_or(k, "unit", "");
	printf("  %-11s %-9s %s %s  序列号 %s  %s%s%s%s\n", json_str_or(k, "name", ""), json_str_or(k, "role", ""),
	       *pin ? "密码" : "密码:", *pin ? pin : json_str_or(k, "pin_set_by", "未设置"),
	       json_str_or(k, "serial", ""), *holder ? holder : "(空白介质)", *unit ? "(" : "", unit, *unit ? ")" : "");
}

enum err demo_print_keys(const struct bureau *b)
{
	size_t i;
	json_t *k;
	AUTO_BUF(text, DEMO_JSON_MAX);
	AUTO_JSON doc = NULL;
	TRY(refresh(b));
	TRY(load(b, &text, &doc));
	printf("演示介质(密码也在 %s/demo.json):\n", b->data);
	json_array_foreach(json_object_get(doc, "keys"), i, k)
		print_key(k);
	return ERR_OK;
}
