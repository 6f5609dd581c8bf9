/* yxkey: virtual keys in and out of their slots, what is on them, their PIN, and a login without browser and agent. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "client/reader/bay.h"
#include "client/token/place.h"
#include "cmd/complain.h"
#include "cmd/pin_prompt.h"
#include "evidence/statement.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HTTP_MAX = 65536, HTTP_WAIT_SEC = 30 };
static const char help_text[] =
	"用法: yxkey insert NAME [SLOT]      把介质 keys/NAME.card 插入插槽\n"
	"      yxkey remove NAME             拔出介质\n"
	"      yxkey list [--json]           列出插着的介质\n"
	"      yxkey pin [--key NAME] [--pin-fd N]\n"
	"                                    修改证书密码;从 N 读两行:原密码、新密码\n"
	"      yxkey login [--key NAME] --origin URL --pin-fd N\n"
	"                                    不经代理程序登录,输出会话 cookie 的 名=值\n"
	"环境变量: YINXIN_DATA 数据目录(默认 ./var);YINXIN_SLOTS 插槽目录(默认数据目录下 slots)\n"
	"退出状态: 0 完成;1 被拒绝或失败;2 用法错误\n";

static unsigned tries_left; /* after a wrong PIN */

struct args {
	const char *command, *word[2], *key, *origin, *odd;
	int words, pin_fd;
	bool json;
};
/* --- PINs --- */

static enum err get_pin(const struct args *a, const char *prompt, struct secret **ret_s)
{
	return a->pin_fd >= 0 ? pin_read(a->pin_fd, ret_s) : pin_ask(prompt, ret_s);
}

/* --- insert, remove, list --- */

static enum err cmd_move(const struct args *a, struct place *p)
{
	struct bay_entry list[BAY_SLOTS_MAX];
	char line[128];
	size_t n = 0;
	bool insert = strcmp(a->command, "insert") == 0;

	if (!bay_name_ok(a->word[0]))
		return ERR(ABSENT, "no key has such a name");
	(void)snprintf(line, sizeof(line), "%s %s%s%.16s", insert ? "INSERT" : "REMOVE", a->word[0],
	               a->word[1] != NULL ? " " : "", a->word[1] != NULL ? a->word[1] : "");
	TRY(bay_call(p->slots, line, list, &n));
	if (insert && n == 1)
		printf("%s %s\n", list[0].slot, list[0].serial);
	return ERR_OK;
}

static enum err put_cert(json_t *row, const struct cert *c)
{
	TRY(json_put_str(row, "holder", span_str(cert_common_name(c))));
	TRY(json_put_str(row, "unit", span_str(cert_org(c))));
	TRY(json_put_str(row, "profile", span_str(cert_profile(c))));
	TRY(json_put_str(row, "cert_serial", span_str(cert_serial(c))));
	TRY(json_put_int(row, "not_before", cert_not_before(c)));
	return json_put_int(row, "not_after", cert_not_after(c));
}

static const char *pin_by(const struct token_info *info)
{
	return !info->pin_set ? "none" : info->pin_by == ATTEST_PIN_HOLDER ? "holder" : "transport";
}

/* As the list at the start of the demonstration says: a PIN that stands in demo.json was set by it. */
static bool demo_set_pin(const struct place *p, const char *name)
{
	char path[PLACE_PATH_MAX + sizeof("/demo.json")];
	size_t i;
	json_t *key;
	bool found = false;
	AUTO_BUF(text, JSON_TEXT_MAX);
	AUTO_JSON doc = NULL;

	(void)snprintf(path, sizeof(path), "%s/demo.json", p->data);
	if (file_read(path, &text) == ERR_OK && json_parse(buf_span(&text), &doc) == ERR_OK)
		json_array_foreach(json_object_get(doc, "keys"), i, key)
			found = found ||
			        (strcmp(json_str_or(key, "name", ""), name) == 0 && *json_str_or(key, "pin", ""));
	err_clear();
	return found;
}

static enum err look(const struct place *p, const struct bay_entry *e, json_t *row)
{
	static const char *const names[] = {"blank", "awaiting", "ready"};
	struct reader *r = NULL;
	struct token_info info;
	AUTO(token) t = NULL;
	AUTO(cert) c = NULL;

	TRY(reader_open(p->slots, e->slot, &r));
	const struct token_trust trust = {p->root, p->ca};
	TRY(token_open_any(r, p->root ? &trust : NULL, place_now(p), &t));
	TRY(token_info(t, &info));
	TRY(json_put_str(row, "state", span_str(names[info.state])));
	TRY(json_put_int(row, "tries", info.tries));
	TRY(json_put_bool(row, "pin_set", info.pin_set));
	TRY(json_put_str(row, "pin_by", span_str(demo_set_pin(p, e->name) ? "demo" : pin_by(&info))));
	TRY(json_put_bool(row, "genuine", token_is_genuine(t)));
	if (info.state != TOKEN_READY)
		return ERR_OK;
	TRY(token_cert(t, true, &c));
	return put_cert(row, c);
}

/* What a person reads for the words of --json. */
static const char *words(const json_t *row, const char *member, const char *const (*table)[2])
{
	const char *value = json_str_or(row, member, "");

	for (size_t i = 0; table[i][0] != NULL; i++)
		if (strcmp(table[i][0], value) == 0)
			return table[i][1];
	return "";
}

static void print_row(const json_t *row)
{
	static const char *const pins[][2] = {{"none", "未设置密码"},
	                                      {"holder", "密码由持有人自设"},
	                                      {"transport", "传递密码"},
	                                      {"demo", "密码由演示程序随机设置"},
	                                      {NULL, NULL}};
	AUTO_BUF(until, 64);

	if (json_object_get(row, "not_after") != NULL)
		text_last_day_cn(&until, json_int_or(row, "not_after", 0));
	printf("%s  %s  %s  %s  %s  %s  %s", json_str_or(row, "slot", ""), json_str_or(row, "name", ""),
	       json_str_or(row, "serial", ""), json_str_or(row, "state", json_str_or(row, "error", "")),
	       json_str_or(row, "holder", "-"), json_str_or(row, "unit", "-"), until.len ? buf_cstr(&until) : "-");
	if (json_object_get(row, "tries") != NULL)
		printf("  剩余%d次  %s", (int)json_int_or(row, "tries", 0), words(row, "pin_by", pins));
	printf("\n");
}

static enum err add_row(const struct place *p, const struct bay_entry *e, json_t *rows)
{
	AUTO_JSON row = json_object();

	TRY(json_put_str(row, "slot", span_str(e->slot)));
	TRY(json_put_str(row, "name", span_str(e->name)));
	TRY(json_put_str(row, "serial", span_str(e->serial)));
	enum err failed = look(p, e, row);
	if (failed != ERR_OK)
		TRY(json_put_str(row, "error", span_str(err_code(failed))));
	err_clear();
	return json_array_append(rows, row) == 0 ? ERR_OK : ERR(NOMEM, "list");
}

static enum err cmd_list(const struct args *a, struct place *p)
{
	struct bay_entry list[BAY_SLOTS_MAX];
	size_t n = 0;
	AUTO_JSON rows = json_array();
	AUTO_BUF(text, JSON_TEXT_MAX);

	if (place_trust(p) != ERR_OK)
		err_clear(); /* keys can be listed before there is a bureau; they are then not shown as genuine */
	TRY(bay_call(p->slots, "LIST", list, &n));
	for (size_t i = 0; i < n; i++)
		TRY(add_row(p, &list[i], rows));
	if (!a->json && n == 0)
		printf("没有插入介质;插入: yxkey insert NAME\n");
	for (size_t i = 0; !a->json && i < n; i++)
		print_row(json_array_get(rows, i));
	if (!a->json)
		return ERR_OK;
	TRY(json_print(rows, &text));
	printf("%s\n", buf_cstr(&text));
	return ERR_OK;
}

/* --- pin --- */

static enum err cmd_pin(const struct args *a, struct place *p)
{
	AUTO(token) t = NULL;
	AUTO(secret) old = NULL;
	AUTO(secret) fresh = NULL;
	AUTO(secret) again = NULL;

	TRY(place_open(p, a->key, &t));
	TRY(get_pin(a, "原证书密码", &old));
	TRY(get_pin(a, "新证书密码", &fresh));
	if (a->pin_fd < 0) {
		TRY(pin_ask("再输入一次新密码", &again));
		if (!ct_equal(secret_span(fresh), secret_span(again)))
			return ERR(FIELD_VALUE, "the two new PINs differ");
	}
	return token_change_pin(t, old, fresh, &tries_left);
}

/* --- login --- */

/* Past HTTP_MAX the transfer is broken off: a portal that never ends must not keep us. */
static size_t on_body(char *part, size_t size, size_t n, void *ctx)
{
	struct buf *out = ctx;

	buf_put(out, span_of(part, size * n));
	return out->failed == ERR_OK ? size * n : 0;
}

static enum err remote(long status, struct span body)
{
	AUTO_JSON v = NULL;

	if (status == 200)
		return ERR_OK;
	if (json_parse(body, &v) != ERR_OK)
		return ERR(UNAVAILABLE, "portal answered %ld", status);
	const json_t *error = json_object_get(v, "error");
	enum err e = err_from_code(json_str_or(error, "code", ""));
	const char *text = json_str_or(error, "text", "");
	/* It goes to a terminal. */
	if (*text == '\0' || text_line_check(span_str(text)) != ERR_OK)
		text = "no reason given";
	return err_raise(e, __FILE__, __LINE__, "portal: %s", text);
}

static enum err post(CURL *curl, const char *origin, const char *path, const json_t *body, struct buf *out)
{
	char url[512], header[512];
	long status = 0;
	AUTO_BUF(text, HTTP_MAX);

	TRY(json_print(body, &text));
	(void)snprintf(url, sizeof(url), "%s%s", origin, path);
	(void)snprintf(header, sizeof(header), "Origin: %s", origin);
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Accept: application/json");
	headers = curl_slist_append(headers, header);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, buf_cstr(&text));
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)text.len);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	CURLcode rc = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (rc != CURLE_OK)
		return ERR(UNAVAILABLE, "%s: %s", url, curl_easy_strerror(rc));
	TRY(buf_err(out));
	return remote(status, buf_span(out));
}

/* The challenge must be this bureau's and this site's, or nothing is signed. */
static enum err build_login(const struct place *p, const char *origin, const json_t *challenge,
                            struct statement **ret_s)
{
	const char *bureau, *nonce, *named;
	AUTO_BUF(now, 32);

	TRY(json_str(challenge, "bureau", &bureau));
	TRY(json_str(challenge, "nonce", &nonce));
	TRY(json_str(challenge, "origin", &named));
	if (strcmp(bureau, p->bureau) != 0)
		return ERR(BUREAU, "portal names another root");
	if (strcmp(named, origin) != 0)
		return ERR(L_ORIGIN, "portal calls itself by another origin");
	text_time(&now, place_now(p));
	const struct statement_kv kv[] = {{"bureau", bureau},
	                                  {"nonce", nonce},
	                                  {"time", buf_cstr(&now)},
	                                  {"origin", origin}};
	return statement_build("LOGIN", kv, COUNT_OF(kv), ret_s);
}

static enum err put_b64(json_t *o, const char *key, struct span s)
{
	AUTO_BUF(text, HTTP_MAX);

	text_b64(&text, s);
	TRY(buf_err(&text));
	return json_put_str(o, key, buf_span(&text));
}

static enum err sign_login(const struct args *a, struct place *p, const struct statement *s, json_t *answer)
{
	AUTO(token) t = NULL;
	AUTO(secret) pin = NULL;
	AUTO(cert) c = NULL;
	struct sm2_sig sig;

	TRY(place_open(p, a->key, &t));
	TRY(token_cert(t, true, &c));
	TRY(pin_read(a->pin_fd, &pin));
	TRY(token_login(t, pin, &tries_left));
	TRY(token_sign(t, statement_text(s), &sig));
	TRY(json_put_str(answer, "statement", statement_text(s)));
	TRY(put_b64(answer, "signature", SPAN_ARR(sig.b)));
	return put_b64(answer, "cert", cert_der(c));
}

/* A line of curl's jar: domain, flag, path, secure, expiry, name, value, between tabs. */
static enum err print_session(CURL *curl)
{
	struct curl_slist *jar = NULL;
	bool found = false;

	curl_easy_getinfo(curl, CURLINFO_COOKIELIST, &jar);
	for (const struct curl_slist *l = jar; l != NULL; l = l->next) {
		const char *name = strstr(l->data, "\tyx_session"), *end = name != NULL ? strchr(name + 1, '\t') : NULL;
		if (end != NULL && end[1]) {
			printf("%.*s=%s\n", (int)(end - name - 1), name + 1, end + 1);
			found = true;
		}
	}
	curl_slist_free_all(jar);
	return found ? ERR_OK : ERR(L_SESSION, "portal gave no session");
}

static enum err converse(CURL *curl, const struct args *a, struct place *p)
{
	AUTO_BUF(first, HTTP_MAX);
	AUTO_BUF(second, HTTP_MAX);
	AUTO_JSON empty = json_object();
	AUTO_JSON challenge = NULL;
	AUTO_JSON answer = json_object();
	AUTO(statement) s = NULL;

	TRY(post(curl, a->origin, "/login/challenge", empty, &first));
	TRY(json_parse(buf_span(&first), &challenge));
	TRY(build_login(p, a->origin, challenge, &s));
	TRY(sign_login(a, p, s, answer));
	TRY(post(curl, a->origin, "/login/answer", answer, &second));
	return print_session(curl);
}

static enum err cmd_login(const struct args *a, struct place *p)
{
	TRY(place_trust(p));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return ERR(INTERNAL, "libcurl");
	CURL *curl = curl_easy_init();
	if (curl == NULL)
		return ERR(NOMEM, "libcurl");
	curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)HTTP_WAIT_SEC);
	enum err e = converse(curl, a, p);
	curl_easy_cleanup(curl);
	return e;
}

/* --- main --- */

struct command {
	const char *name;
	int min_words, max_words;
	bool takes_key, needs_origin;
	enum err (*run)(const struct args *a, struct place *p);
};
static const struct command commands[] = {
	{"insert", 1, 2, false, false, cmd_move}, {"remove", 1, 1, false, false, cmd_move},
	{"list", 0, 0, false, false, cmd_list},   {"pin", 0, 0, true, false, cmd_pin},
	{"login", 0, 0, true, true, cmd_login},
};

static bool origin_ok(const char *s)
{
	const char *host = strncmp(s, "http://", 7) == 0 ? s + 7 : strncmp(s, "https://", 8) == 0 ? s + 8 : NULL;
	return host != NULL && *host && strlen(s) <= 255 && strpbrk(host, "/?#@ \\") == NULL &&
	       text_line_check(span_str(s)) == ERR_OK;
}

static bool take_fd(const char *s, int *ret_fd)
{
	int64_t v;

	if (text_i64(span_str(s), 0, 1023, &v) != ERR_OK)
		return false;
	*ret_fd = (int)v;
	return true;
}

static bool parse_args(int argc, char **argv, struct args *a)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (strcmp(argv[i], "--json") == 0)
			a->json = true;
		else if (strcmp(argv[i], "--key") == 0 && value != NULL && ++i)
			a->key = value;
		else if (strcmp(argv[i], "--origin") == 0 && value != NULL && origin_ok(value) && ++i)
			a->origin = value;
		else if (strcmp(argv[i], "--pin-fd") == 0 && value != NULL && take_fd(value, &a->pin_fd) && ++i)
			continue;
		else if (argv[i][0] == '-' || (a->command != NULL && a->words == 2)) {
			a->odd = argv[i];
			return false;
		} else if (a->command == NULL)
			a->command = argv[i];
		else
			a->word[a->words++] = argv[i];
	}
	return a->command != NULL;
}

static const struct command *find_command(const struct args *a)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		const struct command *c = &commands[i];
		if (strcmp(c->name, a->command) != 0)
			continue;
		bool fits = a->words >= c->min_words && a->words <= c->max_words &&
		            (c->takes_key || (a->key == NULL && a->pin_fd < 0)) &&
		            (a->origin != NULL) == c->needs_origin && (!c->needs_origin || a->pin_fd >= 0) &&
		            (!a->json || c->run == cmd_list);
		return fits ? c : NULL;
	}
	return NULL;
}

static int wrong_usage(const struct args *a)
{
	bool known = false;

	for (size_t i = 0; a->command != NULL && i < COUNT_OF(commands); i++)
		known = known || strcmp(commands[i].name, a->command) == 0;
	if (a->command != NULL && !known)
		return unknown("yxkey", "命令", a->command);
	fprintf(stderr, "yxkey: %s%s%.64s;用法见 yxkey --help\n",
	        a->odd != NULL       ? "参数不正确或缺少值"
	        : a->command != NULL ? "参数不全或与命令不符"
	                             : "没有给出命令",
	        a->odd != NULL ? ": " : "", a->odd != NULL ? a->odd : "");
	return 2;
}

static int report(enum err e)
{
	if (e == ERR_PIN_WRONG)
		fprintf(stderr, "yxkey: %s(%s),还可尝试 %u 次\n", err_zh(e), err_code(e), tries_left);
	else
		return complain("yxkey", e);
	return 1;
}

int main(int argc, char **argv)
{
	struct args a = {.pin_fd = -1};
	struct place p = {.data = ""};

	secret_process_harden();
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return fputs(help_text, stdout) >= 0 ? 0 : 1;
		if (strcmp(argv[i], "--version") == 0)
			return puts("yxkey 0.1.0") >= 0 ? 0 : 1;
	}
	const struct command *c = parse_args(argc, argv, &a) ? find_command(&a) : NULL;
	if (c == NULL)
		return wrong_usage(&a);
	enum err e = place_find(&p);
	if (e == ERR_OK)
		e = c->run(&a, &p);
	place_done(&p);
	if (e == ERR_OK && fflush(stdout) != 0)
		e = ERR(IO, "writing the answer: %s", strerror(errno));
	return e == ERR_OK ? 0 : report(e);
}
