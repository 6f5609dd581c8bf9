/* The slots that yxcard serves: a key that is inserted opens keys/NAME.card and is reached at slots/slotN.sock (frames
 * of docs/protocol/u1.md 2); one connection at a time holds a card. The control socket slots/control.sock takes lines:
 *   INSERT name [slot]   REMOVE name   LIST
 * and answers "SLOT slotN name serial" lines (LIST, INSERT) and then "OK" or "ERR S-008 text". Both only to the own
 * uid. One thread, one poll; a command runs to its end (milliseconds), so that a removal never leaves half a change. */
#pragma once
#include "base/buf.h"
#include <signal.h>
#include <stdbool.h>

enum { BAY_SLOTS_MAX = 16, BAY_NAME_MAX = 32, BAY_CONNS_MAX = 48, BAY_IDLE_MS = 30 * 60 * 1000 };
struct bay_conf {
	const char *keys, *slots; /* directories; slots is made when absent */
	unsigned count;           /* 1..BAY_SLOTS_MAX */
	bool restore;             /* insert again what slots/state names */
	/* What happened, for the log: "inserted", "removed", "refused", "not-restored". May be NULL. */
	void (*event)(const char *what, const char *slot, const char *name);
};
struct bay;
/* ERR_BUSY: another process serves these slots */
enum err bay_open(const struct bay_conf *conf, struct bay **ret_b) MUST_CHECK;
void bay_free(struct bay *b); /* sockets are gone afterwards */
DEFINE_AUTO(bay)
/* Until *stop; signals are let through only while it waits, with this mask. */
enum err bay_run(struct bay *b, volatile sig_atomic_t *stop, const sigset_t *wait_mask) MUST_CHECK;

/* [a-z0-9-]{1,32}, not beginning with '-'. */
bool bay_name_ok(const char *name);

/* --- the other end of the control socket --- */
struct bay_entry {
	char slot[16], name[BAY_NAME_MAX + 1], serial[17];
};
/* Sends one line (without its end) and reads the answer; an ERR line becomes that error with its text. Entries of the
 * SLOT lines; ERR_UNAVAILABLE when no yxcard serves these slots. */
enum err bay_call(const char *slots_dir, const char *line, struct bay_entry ret_list[BAY_SLOTS_MAX],
                  size_t *ret_n) MUST_CHECK;
