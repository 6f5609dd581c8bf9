#include "client/reader/bay_i.h"
#include "base/file.h"
#include "ipc/peer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { STATE_MAX = 4096, PATH_ROOM = 4200, BACKLOG = 16 };

bool bay_name_ok(const char *name)
{
	size_t len = strnlen(name, BAY_NAME_MAX + 1);

	return len >= 1 && len <= BAY_NAME_MAX && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

void bay_event(const struct bay *b, const char *what, int slot, const char *name)
{
	char text[READER_NAME_MAX] = "";

	if (b->conf.event == NULL)
		return;
	if (slot >= 0)
		(void)snprintf(text, sizeof(text), "slot%d", slot);
	b->conf.event(what, text, name);
}

/* --- slots --- */

static void socket_path(const struct bay *b, int slot, char out[PATH_ROOM])
{
	(void)snprintf(out, PATH_ROOM, "%s/slot%d.sock", b->slots, slot);
}

static int find(const struct bay *b, const char *name)
{
	for (unsigned i = 0; i < b->conf.count; i++)
		if (b->slot[i].file != NULL && strcmp(b->slot[i].name, name) == 0)
			return (int)i;
	return -1;
}

static enum err choose(const struct bay *b, int wanted, int *ret_slot)
{
	if (wanted >= (int)b->conf.count)
		return ERR(USAGE, "there are %u slots", b->conf.count);
	if (wanted >= 0 && b->slot[wanted].file != NULL)
		return ERR(STATE, "slot%d holds %s", wanted, b->slot[wanted].name);
	for (int i = 0; wanted < 0 && i < (int)b->conf.count; i++)
		if (b->slot[i].file == NULL)
			wanted = i;
	if (wanted < 0)
		return ERR(LIMIT, "all %u slots are taken", b->conf.count);
	*ret_slot = wanted;
	return ERR_OK;
}

/* What was inserted, for --restore after a crash. */
static enum err write_state(const struct bay *b)
{
	char path[PATH_ROOM];
	AUTO_BUF(out, STATE_MAX);

	(void)snprintf(path, sizeof(path), "%s/state", b->slots);
	for (unsigned i = 0; i < b->conf.count; i++)
		if (b->slot[i].file != NULL)
			buf_printf(&out, "slot%u %s\n", i, b->slot[i].name);
	TRY(buf_err(&out));
	return file_replace(path, buf_span(&out), 0600);
}

static void empty(struct bay *b, int slot)
{
	struct bay_slot *s = &b->slot[slot];
	char path[PATH_ROOM];

	for (int i = 0; i < BAY_CONNS_MAX; i++)
		if (b->conn[i].fd >= 0 && b->conn[i].slot == slot)
			bay_drop_conn(b, i);
	if (s->listener >= 0) {
		close(s->listener);
		socket_path(b, slot, path);
		(void)unlink(path);
	}
	card_file_free(s->file);
	*s = (struct bay_slot){.listener = -1, .owner = -1};
}

static enum err fill(struct bay *b, const char *name, int slot)
{
	char path[PATH_ROOM];
	struct bay_slot *s = &b->slot[slot];

	(void)snprintf(path, sizeof(path), "%s/%s.card", b->keys, name);
	if (!file_exists(path))
		return ERR(ABSENT, "no key %s", name);
	TRY(card_file_open(path, &s->file));
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	socket_path(b, slot, path);
	return peer_listen(path, 0600, BACKLOG, &s->listener);
}

enum err bay_insert(struct bay *b, const char *name, int wanted, int *ret_slot)
{
	int slot = -1;

	if (!bay_name_ok(name))
		return ERR(ABSENT, "not the name of a key");
	if (find(b, name) >= 0)
		return ERR(EXISTS, "%s is inserted already", name);
	TRY(choose(b, wanted, &slot));
	enum err e = fill(b, name, slot);
	if (e == ERR_OK)
		e = write_state(b);
	if (e != ERR_OK) {
		empty(b, slot);
		return e;
	}
	bay_event(b, "inserted", slot, name);
	*ret_slot = slot;
	return ERR_OK;
}

enum err bay_remove(struct bay *b, const char *name)
{
	int slot = find(b, name);

	if (slot < 0)
		return ERR(ABSENT, "%s is not inserted", bay_name_ok(name) ? name : "that key");
	empty(b, slot);
	bay_event(b, "removed", slot, name);
	return write_state(b);
}

/* --- life --- */

/* Sockets of a process that was killed. */
static void clear_stale(const struct bay *b)
{
	char path[PATH_ROOM];

	for (int i = 0; i < BAY_SLOTS_MAX; i++) {
		socket_path(b, i, path);
		(void)unlink(path);
	}
}

static enum err take_lock(struct bay *b)
{
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof(path), "%s/lock", b->slots);
	b->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (b->lock < 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	if (flock(b->lock, LOCK_EX | LOCK_NB) != 0)
		return ERR(BUSY, "another yxcard serves %s", b->slots);
	return ERR_OK;
}

static void restore_line(struct bay *b, struct span line)
{
	char name[BAY_NAME_MAX + 1] = "";
	struct span slot;
	int at = -1, got;

	if (!span_take_until(&line, ' ', &slot) || line.len > BAY_NAME_MAX)
		return;
	memcpy(name, line.ptr, line.len);
	for (int i = 0; i < (int)b->conf.count; i++) {
		char want[16];
		(void)snprintf(want, sizeof(want), "slot%d", i);
		if (span_eq_str(slot, want))
			at = i;
	}
	if (at < 0 || bay_insert(b, name, at, &got) != ERR_OK) {
		err_clear();
		bay_event(b, "not-restored", at, name);
	}
}

/* A key that cannot come back is left out: the others are still wanted. */
static enum err restore(struct bay *b)
{
	char path[PATH_ROOM];
	AUTO_BUF(text, STATE_MAX);
	struct span line;

	(void)snprintf(path, sizeof(path), "%s/state", b->slots);
	enum err e = file_read(path, &text);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR_OK;
	}
	TRY(e);
	struct span s = buf_span(&text);
	while (span_take_until(&s, '\n', &line))
		restore_line(b, line);
	return ERR_OK;
}

static enum err start(struct bay *b)
{
	char path[PATH_ROOM];

	TRY(file_mkdir(b->slots, 0700));
	TRY(take_lock(b));
	clear_stale(b);
	if (b->conf.restore)
		TRY(restore(b));
	TRY(write_state(b));
	/* Last: who can reach the control socket finds everything ready. */
	(void)snprintf(path, sizeof(path), "%s/control.sock", b->slots);
	return peer_listen(path, 0600, BACKLOG, &b->control);
}

enum err bay_open(const struct bay_conf *conf, struct bay **ret_b)
{
	if (conf->count < 1 || conf->count > BAY_SLOTS_MAX || strlen(conf->keys) >= 4096 || strlen(conf->slots) >= 4096)
		return ERR(USAGE, "1 to %d slots, paths under 4096", BAY_SLOTS_MAX);
	AUTO(bay) b = calloc(1, sizeof(*b));
	if (b == NULL)
		return ERR(NOMEM, "slots");
	b->conf = *conf;
	(void)snprintf(b->keys, sizeof(b->keys), "%s", conf->keys);
	(void)snprintf(b->slots, sizeof(b->slots), "%s", conf->slots);
	b->lock = b->control = -1;
	for (int i = 0; i < BAY_SLOTS_MAX; i++)
		b->slot[i] = (struct bay_slot){.listener = -1, .owner = -1};
	for (int i = 0; i < BAY_CONNS_MAX; i++)
		b->conn[i].fd = -1;
	TRY(start(b));
	*ret_b = STEAL(b);
	return ERR_OK;
}

void bay_free(struct bay *b)
{
	char path[PATH_ROOM];

	if (b == NULL)
		return;
	for (int i = 0; i < BAY_SLOTS_MAX; i++)
		empty(b, i);
	for (int i = 0; i < BAY_CONNS_MAX; i++)
		if (b->conn[i].fd >= 0)
			bay_drop_conn(b, i);
	if (b->control >= 0) {
		close(b->control);
		(void)snprintf(path, sizeof(path), "%s/control.sock", b->slots);
		(void)unlink(path);
	}
	if (b->lock >= 0)
		close(b->lock);
	free(b);
}
