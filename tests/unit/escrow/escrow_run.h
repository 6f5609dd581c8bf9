/* Starts the real yinxin-escrow in a temporary folder and speaks to it. As root it runs under daemon and its signer is
 * bin, so that the checks of the peer are real; otherwise everything is one user. */
#pragma once
#include "server/escrow/client.h"
#include <sys/types.h>

struct run {
	char root[64], dir[96], socket[96], log[96];
	pid_t pid;
	struct escrow_client *client;
};
bool run_is_root(void);
void run_make(struct run *r);  /* the folder; nothing runs */
void run_start(struct run *r); /* and waits until it answers */
/* starts it, waits for its end: exit status, 128+signal; 255 when it serves */
int run_try(struct run *r);
int run_stop(struct run *r);  /* SIGTERM; exit status */
void run_kill(struct run *r); /* SIGKILL */
void run_drop(struct run *r); /* ends it and removes the folder */
bool run_log_has(const struct run *r, const char *text);
bool run_log_gets(const struct run *r, const char *text); /* waits for it: lines follow the answer */
void run_file(const struct run *r, const char *name, char ret_path[160]);

/* One call as the signer's user. */
void run_as(const char *user);
void run_as_self(void);
#define AS_SIGNER(expr)                  \
	__extension__({                  \
		run_as("bin");           \
		enum err as_e_ = (expr); \
		run_as_self();           \
		as_e_;                   \
	})
