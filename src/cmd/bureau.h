/* The files of one bureau on one machine: where everything lies, who owns it, and the configuration of each program.
 *
 * DATA (YINXIN_DATA, default var/):
 *   demo.json root.sm3 clock .lock .home yinxin.db ca/ ceremony/ conf/ log/ edge/ keys/ slots/ signer/ escrow/ notary/
 *   run/{signer,escrow,notary,portal,convert}/
 * As root each daemon's folder belongs to its own system user; sockets lie in folders that only their server can write,
 * so that a captured process cannot pose as another. As an ordinary user all is one uid. */
#pragma once
#include "base/buf.h"
#include <sys/types.h>

enum { BUREAU_PATH_MAX = 512 };
struct bureau {
	char data[BUREAU_PATH_MAX];  /* absolute, without links */
	char named[BUREAU_PATH_MAX]; /* the same as YINXIN_DATA names it: absolute, perhaps a link */
	char bin[BUREAU_PATH_MAX];   /* folder of the programs */
	char share[BUREAU_PATH_MAX]; /* templates, profiles, nginx */
	char sql[BUREAU_PATH_MAX];   /* statements: below share, or built */
	char www[BUREAU_PATH_MAX];   /* built assets, "" when there are none */
	char skf[BUREAU_PATH_MAX];   /* libyxskf.so */
	char origin[128], agent_origin[128];
	char pin[16]; /* web | pinentry */
	unsigned port, agent_port;
	bool root; /* started by root: daemons drop to their own users */
};
/* From the environment: YINXIN_DATA YINXIN_PORT YINXIN_AGENT_PORT YINXIN_PIN. ERR_CONFIG with the variable's name. */
enum err bureau_find(struct bureau *ret_b) MUST_CHECK;
/* Creates the folders with their owners. When root's DATA cannot be reached by the system users, DATA becomes a
 * symbolic link into /var/lib/yinxin (said on stdout). ERR_STATE, saying what to do, when the folder belongs to another
 * checkout or its files to other users. */
enum err bureau_folders(struct bureau *b) MUST_CHECK;
/* Whether every file that is there belongs to who must own it in this run: ERR_STATE with the first that does not. */
enum err bureau_owners(const struct bureau *b) MUST_CHECK;
/* Writes conf/<program>.conf and edge/nginx.conf for the present ports and paths. */
enum err bureau_configure(const struct bureau *b) MUST_CHECK;
enum err bureau_path(const struct bureau *b, const char *name, char *ret, size_t size) MUST_CHECK; /* DATA/name */
/* Gives the database files to the portal's user, after they were made by the ceremony's process. */
enum err bureau_give_database(const struct bureau *b) MUST_CHECK;
/* Copies the built assets and downloads to DATA/edge/www. */
enum err bureau_publish(const struct bureau *b) MUST_CHECK;
