#include "store/migrate.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOCK_WAIT_MS = 10000 };

struct migration {
	int64_t version;
	char *name;
	bool applied;
};
struct migrations {
	struct migration v[MIGRATIONS_MAX];
	size_t n;
};

static void migrations_free(struct migrations *m)
{
	for (size_t i = 0; m != NULL && i < m->n; i++)
		free(m->v[i].name);
	free(m);
}
DEFINE_AUTO(migrations)

static int is_migration(const struct dirent *d)
{
	const char *s = d->d_name;
	size_t len = strlen(s);

	return len > 4 && isdigit((unsigned char)s[0]) && strcmp(s + len - 4, ".sql") == 0;
}

static enum err add(struct migrations *m, const char *name)
{
	if (strspn(name, "0123456789") != 3 || name[3] != '_')
		return ERR(CONFIG, "migration %s is not named NNN_name.sql", name);
	int64_t version = (name[0] - '0') * 100 + (name[1] - '0') * 10 + (name[2] - '0');
	if (m->n > 0 && m->v[m->n - 1].version >= version)
		return ERR(CONFIG, "migration number %03d is there twice", (int)version);
	if (m->n == MIGRATIONS_MAX)
		return ERR(LIMIT, "more than %d migrations", MIGRATIONS_MAX);
	char *own = strdup(name);
	if (own == NULL)
		return ERR(NOMEM, "migrations");
	m->v[m->n++] = (struct migration){version, own, false};
	return ERR_OK;
}

static enum err list(const char *dir, struct migrations *m)
{
	struct dirent **names;
	enum err e = ERR_OK;
	int n = scandir(dir, &names, is_migration, alphasort);

	if (n < 0)
		return ERR(CONFIG, "cannot read folder %s: %m", dir);
	for (int i = 0; i < n; i++) {
		if (e == ERR_OK)
			e = add(m, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return e;
}

static enum err mark(int64_t version, void *ctx)
{
	struct migrations *m = ctx;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].version == version) {
			m->v[i].applied = true;
			return ERR_OK;
		}
	return ERR(CONFIG, "database has version %03d, which this program does not know: it was made by a newer one",
	           (int)version);
}

/* Forward only: a file that sorts before one already applied would have seen another schema. */
static enum err check_order(const struct migrations *m)
{
	for (size_t i = 1; i < m->n; i++)
		if (m->v[i].applied && !m->v[i - 1].applied)
			return ERR(CONFIG, "migration %s comes before %s, which the database already has",
			           m->v[i - 1].name, m->v[i].name);
	return ERR_OK;
}

static enum err begin(struct conn *c)
{
	int64_t until = clock_mono_ms() + LOCK_WAIT_MS;

	for (;;) {
		enum err e = conn_begin(c, true);
		if (e != ERR_BUSY || clock_mono_ms() >= until)
			return e;
		err_clear();
		nanosleep(&(struct timespec){0, 20 * 1000000}, NULL);
	}
}

static enum err run_file(struct conn *c, const char *dir, const struct migration *g)
{
	AUTO_BUF(path, 4096);
	AUTO_BUF(text, STMT_FILE_MAX);

	buf_printf(&path, "%s/%s", dir, g->name);
	TRY(buf_err(&path));
	TRY(file_read(buf_cstr(&path), &text));
	if (!text_is_utf8(buf_span(&text)))
		return ERR(CONFIG, "not UTF-8");
	TRY(conn_script(c, buf_cstr(&text)));
	return conn_version_add(c, g->version, g->name);
}

static enum err apply(struct conn *c, const char *dir, struct migrations *m, struct migration *g)
{
	TRY(begin(c));
	/* Another process may have been quicker while this one waited for the lock. */
	enum err e = conn_versions(c, mark, m);
	if (e == ERR_OK && !g->applied)
		e = run_file(c, dir, g);
	if (e != ERR_OK) {
		conn_rollback(c);
		return err_note(e == ERR_INTERNAL || e == ERR_STATE ? ERR_CONFIG : e, "in %s", g->name);
	}
	g->applied = true;
	return conn_commit(c);
}

static enum err compare(struct conn *c, const char *sql_dir, struct migrations **ret_m)
{
	AUTO(migrations) m = calloc(1, sizeof(*m));

	if (m == NULL)
		return ERR(NOMEM, "migrations");
	TRY(list(sql_dir, m));
	TRY(conn_versions(c, mark, m));
	TRY(check_order(m));
	*ret_m = STEAL(m);
	return ERR_OK;
}

enum err migrate_check(struct conn *reader, const char *sql_dir)
{
	AUTO(migrations) m = NULL;

	TRY(compare(reader, sql_dir, &m));
	for (size_t i = 0; i < m->n; i++)
		if (!m->v[i].applied)
			return ERR(STATE, "migration %s has not run", m->v[i].name);
	return ERR_OK;
}

enum err migrate(struct conn *writer, const char *sql_dir)
{
	AUTO(migrations) m = NULL;

	TRY(compare(writer, sql_dir, &m));
	for (size_t i = 0; i < m->n; i++)
		if (!m->v[i].applied)
			TRY(apply(writer, sql_dir, m, &m->v[i]));
	return ERR_OK;
}
