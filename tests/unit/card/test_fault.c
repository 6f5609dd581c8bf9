/* Stores that fail, power that is lost, processes that are killed: the image is always the old or the new one, and a
 * PIN try is stored before it is compared. */
#include "card_fixture.h"
#include "base/file.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct bureau bureau;
static const char PIN[] = "Kp7#20-x", OTHER[] = "Kp7#20-y";

/* --- one failing store in the middle of a story --- */

static enum err op_generate(struct token *t)
{
	static const uint8_t none[32];
	AUTO(secret) pin = pin_of(PIN);
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];
	return token_generate(t, none, pin, &pub, attest);
}

static enum err op_login(struct token *t)
{
	unsigned tries;
	return login(t, PIN, &tries);
}

static enum err op_wrong(struct token *t)
{
	unsigned tries;
	enum err e = login(t, OTHER, &tries);
	return e == ERR_PIN_WRONG ? ERR_OK : e;
}

static enum err op_install(struct token *t)
{
	struct sm2_pub pub;
	TRY(token_pub(t, true, &pub));
	struct bundle u = bureau_bundle(&bureau, &pub);
	enum err e = bundle_install(t, &u);
	bundle_done(&u);
	return e;
}

static enum err op_change(struct token *t)
{
	AUTO(secret) old = pin_of(PIN);
	AUTO(secret) fresh = pin_of(OTHER);
	unsigned tries;
	return token_change_pin(t, old, fresh, &tries);
}

static enum err op_label(struct token *t)
{
	return token_label(t, "new");
}

static enum err op_file(struct token *t)
{
	const struct token_file f = {"notes", 64, 0xFF, 0x10};
	return token_file_create(t, &f);
}

static enum err op_discard(struct token *t)
{
	return token_discard(t);
}

struct story {
	const char *name;
	enum err (*before[4])(struct token *t);
	enum err (*op)(struct token *t);
};
static const struct story stories[] = {
	{"generate", {NULL}, op_generate},
	{"discard", {op_generate}, op_discard},
	{"install", {op_generate}, op_install},
	{"renewal", {op_generate, op_install}, op_install},
	{"login", {op_generate, op_install}, op_login},
	{"wrong PIN", {op_generate, op_install}, op_wrong},
	{"change PIN", {op_generate, op_install}, op_change},
	{"label", {op_generate, op_install, op_login}, op_label},
	{"file", {op_generate, op_install, op_login}, op_file},
};

static struct token *prepare(struct mem *m, const struct story *s)
{
	mem_make(m, "YX26000200");
	struct token *t = mem_ceremony(m);
	for (size_t i = 0; i < COUNT_OF(s->before) && s->before[i] != NULL; i++)
		OK(s->before[i](t));
	m->stores = 0;
	return t;
}

static struct buf copy(const struct buf *from)
{
	struct buf b = buf_make(CARD_IMAGE_MAX);
	buf_put(&b, buf_span(from));
	return b;
}

/* The n-th store of the operation fails, having stored (lies) or not. */
static void fail_at(const struct story *s, unsigned n, bool lies)
{
	struct mem m;
	struct token *t = prepare(&m, s);
	struct buf before = copy(&m.image);
	struct token_info a, b;

	m.fail_at = n;
	m.lies = lies;
	OK(token_info(t, &a));
	FAILS(s->op(t), IO);
	if (n == 1 && !lies)
		assert_true(span_eq(buf_span(&before), buf_span(&m.image)));
	/* In memory nothing of the failed step has taken effect. */
	OK(token_info(t, &b));
	assert_int_equal(a.state, b.state);
	assert_int_equal(a.counter, b.counter);
	/* The same card goes on, and so does one whose power was lost. */
	token_free(t);
	mem_reopen(&m);
	t = mem_ceremony(&m);
	OK(token_info(t, &b));
	if (s->op != op_generate && s->op != op_discard)
		OK(login(t, lies && s->op == op_change && n == 2 ? OTHER : PIN, &(unsigned){0}));
	token_free(t);
	buf_done(&before);
	mem_done(&m);
}

static void failing_store(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(stories); i++) {
		struct mem m;
		struct token *t = prepare(&m, &stories[i]);
		OK(stories[i].op(t));
		unsigned stores = m.stores;
		token_free(t);
		mem_done(&m);
		assert_true(stores >= 1);
		for (unsigned n = 1; n <= stores; n++) {
			fail_at(&stories[i], n, false);
			fail_at(&stories[i], n, true);
		}
	}
}

/* --- the counter is stored before the comparison --- */

static unsigned seen[8], n_seen;

static void watch_tries(struct mem *m)
{
	struct card *c = NULL;
	struct mem peek = {.card = NULL};
	struct token_info info;

	peek.io = m->io;
	OK(card_open(buf_span(&m->image), &m->io, &c));
	peek.card = c;
	struct token *t = mem_ceremony(&peek);
	OK(token_info(t, &info));
	token_free(t);
	card_free(c);
	assert_true(n_seen < COUNT_OF(seen));
	seen[n_seen++] = info.tries;
}

static void counted_before(void **state)
{
	struct mem m;
	unsigned tries;

	(void)state;
	mem_make(&m, "YX26000201");
	AUTO(token) t = mem_ceremony(&m);
	mem_personalise(&m, &bureau, t, PIN);
	m.watch = watch_tries;
	n_seen = 0;
	FAILS(login(t, OTHER, &tries), PIN_WRONG);
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0], 5);
	n_seen = 0;
	OK(login(t, PIN, &tries)); /* also the right one is first counted */
	assert_int_equal(n_seen, 2);
	assert_int_equal(seen[0], 4);
	assert_int_equal(seen[1], 6);
	n_seen = 0;
	OK(op_change(t));
	assert_int_equal(n_seen, 2);
	assert_int_equal(seen[0], 5);
	/* When counting fails nothing is compared: even the right PIN gets no login. */
	m.watch = NULL;
	m.stores = 0;
	m.fail_at = 1;
	FAILS(login(t, OTHER, &tries), IO);
	FAILS(op_label(t), NOT_LOGGED_IN);
	mem_done(&m);
}

/* Power cut after each counted try never gives more than six. */
static void power_cuts(void **state)
{
	struct mem m;
	unsigned tries, guesses = 0;

	(void)state;
	mem_make(&m, "YX26000202");
	struct token *t = mem_ceremony(&m);
	mem_personalise(&m, &bureau, t, PIN);
	for (enum err e = ERR_OK; e != ERR_PIN_LOCKED; guesses++) {
		token_free(t);
		mem_reopen(&m);
		t = mem_ceremony(&m);
		e = login(t, OTHER, &tries);
	}
	assert_int_equal(guesses, 6);
	token_free(t);
	mem_done(&m);
}

/* --- kill -9 of a process that works on a card in a file --- */

static enum err to_card(void *card, struct span command, struct buf *response)
{
	card_apdu(card, command, response);
	return ERR_OK;
}

static struct token *file_token(struct card_file *f)
{
	const struct token_trust none = {NULL, NULL};
	struct reader *r = NULL;
	struct token *t = NULL;

	card_power(card_file_card(f));
	OK(reader_open_memory(to_card, card_file_card(f), &r));
	OK(token_open(r, &none, FIXTURE_NOW, &t));
	return t;
}

/* Changes the PIN to and fro until it is killed. */
static _Noreturn void victim(const char *path)
{
	struct card_file *f = NULL;
	unsigned tries;

	if (card_file_open(path, &f) != ERR_OK)
		_exit(1);
	struct token *t = file_token(f);
	AUTO(secret) a = pin_of(PIN);
	AUTO(secret) b = pin_of(OTHER);
	for (;;) {
		enum err e = token_change_pin(t, a, b, &tries);
		if (e == ERR_OK || e == ERR_PIN_WRONG)
			e = token_change_pin(t, b, a, &tries);
		if (e != ERR_OK && e != ERR_PIN_WRONG)
			_exit(2);
	}
}

static void kill_after(const char *path, long us)
{
	const struct timespec pause = {.tv_nsec = us * 1000};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		victim(path);
	(void)nanosleep(&pause, NULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* What a kill leaves besides the image are temporary files beside it. */
static void remove_tree(const char *dir)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", dir, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

static void killed(void **state)
{
	char dir[] = "/tmp/yx-card-XXXXXX", path[64];
	struct card_file *f = NULL;
	unsigned tries;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/a.card", dir);
	OK(card_file_make(path, "YX26000203", &f));
	FAILS(card_file_make(path, "YX26000203", &(struct card_file *){NULL}), EXISTS);
	struct token *t = file_token(f);
	OK(op_generate(t));
	OK(op_install(t));
	token_free(t);
	card_file_free(f);
	for (int i = 0; i < 30; i++) {
		kill_after(path, 5000 + i * 1700);
		OK(card_file_open(path, &f));
		t = file_token(f);
		enum err e = login(t, PIN, &tries);
		if (e == ERR_PIN_WRONG)
			e = login(t, OTHER, &tries);
		OK(e);
		token_free(t);
		card_file_free(f);
	}
	remove_tree(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failing_store),
		cmocka_unit_test(counted_before),
		cmocka_unit_test(power_cuts),
		cmocka_unit_test(killed),
	};
	bureau_start(&bureau);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	bureau_end(&bureau);
	return rc;
}
