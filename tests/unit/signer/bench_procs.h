/* Real yinxin-escrow and yinxin-signer processes in a temporary folder, for tests. As root each runs under a system
 * user of its own that every Debian has (games, daemon), the portal's is www-data, the notary's news; otherwise all is
 * one uid. */
#pragma once
#include "base/clock.h"
#include "server/signer/client.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define OK(expr) assert_int_equal((expr), ERR_OK)
enum { NAME_LEN = 256 };

struct procs {
	char dir[64];
	char signer_socket[NAME_LEN], escrow_socket[NAME_LEN], clock_path[NAME_LEN];
	const char *signer_options[4]; /* more -o arguments, NULL at the end */
	pid_t signer, escrow;
	struct clock *clock;
	struct signer_client *client;
};
void procs_start(struct procs *p);
void procs_stop(struct procs *p); /* ends both, removes the folder */
void procs_start_signer(struct procs *p);
void procs_start_escrow(struct procs *p);
void procs_kill_signer(struct procs *p); /* SIGKILL, reaped */
void procs_kill_escrow(struct procs *p);
int procs_run_signer(struct procs *p); /* to its end: exit status, for starts that must fail */
int64_t procs_now(const struct procs *p);
void procs_shift_clock(struct procs *p, int64_t offset_sec);
/* As root: this thread calls as the portal's user, or as a stranger; otherwise nothing happens. */
void procs_be_portal(void);
void procs_be_notary(void);
void procs_be_stranger(void);
void procs_be_admin(void);
void procs_path(const struct procs *p, const char *name, char ret[NAME_LEN]);
bool procs_log_says(const struct procs *p, const char *log, const char *text);
/* Whether these octets occur in any file below the folder. */
bool procs_files_hold(const struct procs *p, struct span octets);
