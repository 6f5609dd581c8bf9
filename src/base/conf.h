/* One configuration grammar for every program: lines "key = value", '#' comments, UTF-8, LF, a key at most once.
 * What is not in the program's table does not exist. Defaults come from the table, and --help and man pages print it.
 */
#pragma once
#include "base/err.h"
#include "base/buf.h"

enum conf_type { CONF_STR, CONF_PATH, CONF_INT, CONF_BOOL, CONF_CHOICE };
struct conf_opt {
	const char *key;
	enum conf_type type;
	const char *fallback; /* NULL: required */
	int64_t min, max;     /* CONF_INT */
	const char *choices;  /* CONF_CHOICE: "web|pinentry" */
	const char *help;
};
struct conf;
/* path NULL: defaults only. ERR_CONFIG with line number and reason on the trail. opts ends with a NULL key. */
enum err conf_load(const char *path, const struct conf_opt *opts, struct conf **ret_c) MUST_CHECK;
enum err conf_parse_text(struct span text, const struct conf_opt *opts, struct conf **ret_c) MUST_CHECK;
enum { CONF_TEXT_MAX = 65536 };
void conf_free(struct conf *c);
DEFINE_AUTO(conf)
enum err conf_set(struct conf *c, const char *key, const char *value) MUST_CHECK; /* from the command line */
/* Asking for a key that is not in the table is a bug and aborts. */
const char *conf_str(const struct conf *c, const char *key);
int64_t conf_int(const struct conf *c, const char *key);
bool conf_bool(const struct conf *c, const char *key);
void conf_print(const struct conf *c, struct buf *out); /* effective values, for -n */

/* The command line common to all daemons: -c FILE, -o key=value (repeats), -n (check the configuration and stop),
 * -h/--help, --version. Returns ERR_OK with *ret_c, or ERR_USAGE (exit status 2) or another error (exit status 1)
 * after printing one line to stderr, or exits 0 for -n, help and version. */
enum err conf_main(int argc, char **argv, const char *program, const char *purpose, const struct conf_opt *opts,
                   struct conf **ret_c) MUST_CHECK;
