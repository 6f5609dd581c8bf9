/* Between bay.c (which key is where) and bay_serve.c (who talks to it). */
#pragma once
#include "client/card/card.h"
#include "client/reader/bay.h"
#include "client/reader/reader.h"

struct bay_slot {
	char name[BAY_NAME_MAX + 1]; /* "": empty */
	struct card_file *file;
	int listener;
	int owner; /* index of the connection that holds the card, -1 none */
};
struct bay_conn {
	int fd;   /* -1: free */
	int slot; /* -1: control */
	int64_t last_ms;
	size_t have;
	uint8_t in[2 + READER_APDU_MAX];
};
struct bay {
	struct bay_conf conf;
	char keys[4096], slots[4096];
	int lock, control;
	struct bay_slot slot[BAY_SLOTS_MAX];
	struct bay_conn conn[BAY_CONNS_MAX];
};

/* slot -1: a free one. ERR_ABSENT no such key, ERR_EXISTS already inserted, ERR_LIMIT slots full, ERR_STATE slot taken.
 */
enum err bay_insert(struct bay *b, const char *name, int slot, int *ret_slot) MUST_CHECK;
enum err bay_remove(struct bay *b, const char *name) MUST_CHECK; /* ERR_ABSENT */
void bay_drop_conn(struct bay *b, int conn);
void bay_event(const struct bay *b, const char *what, int slot, const char *name);
