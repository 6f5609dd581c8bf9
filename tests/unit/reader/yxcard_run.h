/* A yxcard process in a temporary directory. Programs by path in the environment: YXCARD. */
#pragma once
#include "card_fixture.h"
#include "client/reader/bay.h"
#include <sys/types.h>

struct yxcard {
	char dir[64], keys[96], slots[96];
	pid_t pid;
};
void yxcard_prepare(struct yxcard *y);                                   /* directories, no process */
void yxcard_key(struct yxcard *y, const char *name, const char *serial); /* a factory-new card */
void yxcard_start(struct yxcard *y, const char *extra); /* one more argument or NULL; waits until it answers */
int yxcard_stop(struct yxcard *y, int sig);             /* exit status, or 128 + signal */
void yxcard_done(struct yxcard *y);                     /* stops, removes the directory */
/* A control line; the entries it lists, if wanted. */
enum err yxcard_line(struct yxcard *y, const char *line);
size_t yxcard_list(struct yxcard *y, struct bay_entry list[BAY_SLOTS_MAX]);
struct token *yxcard_token(struct yxcard *y, const char *slot, const struct token_trust *trust);
int run_program(const char *const argv[], int stdin_fd, struct buf *out); /* stdout and stderr */
