/* Filling JSON models, roles, tables, and the members that every page has. */
#include "server/portal/app.h"
#include "base/file.h"
#include "base/text.h"
#include "store/field.h"
#include <dirent.h>
#include <string.h>

enum { TABLE_MAX = 1 << 18 };

/* --- sticky setters --- */

struct mo mo_of(json_t *o)
{
	return (struct mo){o, o != NULL ? ERR_OK : ERR(NOMEM, "model")};
}

void mo_str(struct mo *m, const char *key, const char *v)
{
	if (m->e == ERR_OK)
		m->e = json_put_str(m->o, key, span_str(v));
}

static bool is_wide(struct span s)
{
	uint32_t cp = 0;
	return text_decode(s, &cp) > 1;
}

void words_put(struct buf *out, const char *s)
{
	static const struct {
		uint8_t narrow;
		const char *wide;
	} marks[] = {{',', "，"}, {':', "："}, {';', "；"}, {'(', "（"}, {')', "）"}};
	struct span rest = span_str(s);
	bool after_wide = false;
	while (rest.len > 0) {
		uint32_t cp = 0;
		size_t n = text_decode(rest, &cp), i = 0;
		struct span next = span_sub(rest, n > 0 ? n : 1, rest.len);
		while (i < COUNT_OF(marks) && marks[i].narrow != rest.ptr[0])
			i++;
		bool swap = i < COUNT_OF(marks) && (after_wide || is_wide(next));
		if (swap)
			buf_str(out, marks[i].wide);
		else
			buf_put(out, span_sub(rest, 0, n > 0 ? n : 1));
		after_wide = swap || n > 1;
		rest = next;
	}
}

void mo_words(struct mo *m, const char *key, const char *v)
{
	AUTO_BUF(text, 4096);
	words_put(&text, v);
	if (m->e == ERR_OK)
		m->e = buf_err(&text);
	mo_str(m, key, buf_cstr(&text));
}

void mo_int(struct mo *m, const char *key, int64_t v)
{
	if (m->e == ERR_OK)
		m->e = json_put_int(m->o, key, v);
}

void mo_bool(struct mo *m, const char *key, bool v)
{
	if (m->e == ERR_OK)
		m->e = json_put_bool(m->o, key, v);
}

void mo_date(struct mo *m, const char *key, int64_t t)
{
	AUTO_BUF(s, 32);
	text_date_cn(&s, t);
	mo_str(m, key, buf_cstr(&s));
}

void mo_last_day(struct mo *m, const char *key, int64_t not_after)
{
	AUTO_BUF(s, 32);
	text_last_day_cn(&s, not_after);
	mo_str(m, key, buf_cstr(&s));
}

void mo_time(struct mo *m, const char *key, int64_t t)
{
	AUTO_BUF(s, 32);
	text_time_cn(&s, t);
	mo_str(m, key, buf_cstr(&s));
}

static json_t *mo_put(struct mo *m, const char *key, json_t *take)
{
	if (m->e != ERR_OK) {
		json_decref(take);
		return NULL;
	}
	m->e = json_put(m->o, key, take);
	return m->e == ERR_OK ? take : NULL;
}

json_t *mo_list(struct mo *m, const char *key)
{
	return mo_put(m, key, json_array());
}

struct mo mo_item(json_t *list)
{
	json_t *o = list != NULL ? json_object() : NULL;
	if (o != NULL && json_array_append_new(list, o) != 0)
		o = NULL;
	return mo_of(o);
}

struct mo mo_sub(struct mo *m, const char *key)
{
	return mo_of(mo_put(m, key, json_object()));
}

void mo_fact(json_t *list, const char *key, const char *value)
{
	struct mo m = mo_item(list);
	mo_str(&m, "key", key);
	mo_str(&m, "value", value);
	if (m.e != ERR_OK)
		err_clear(); /* a fact short of memory is missing, and the rendering fails right after */
}

enum err mo_err(const struct mo *m)
{
	return m->e;
}

enum err model_title(struct web_req *rq, const char *title)
{
	return json_put_str(web_model(rq), "title", span_str(title));
}

enum err model_table(struct web_req *rq, const char *name)
{
	const json_t *table = json_object_get(portal_of(rq)->tables, name);
	const char *key;
	json_t *v;
	if (table == NULL)
		return ERR(CONFIG, "no table %s", name);
	json_object_foreach((json_t *)(uintptr_t)table, key, v)
		TRY(json_put(web_model(rq), key, json_incref(v)));
	return ERR_OK;
}

/* --- roles --- */

static const struct {
	const char *name, *zh, *home;
	unsigned bit;
} roles[] = {
	{"clerk", "受理员", "/desk", ROLE_CLERK},
	{"maker", "制证员", "/desk", ROLE_MAKER},
	{"reviewer", "审核员", "/review", ROLE_REVIEWER},
	{"auditor", "审计员", "/audit", ROLE_AUDITOR},
	{"security", "安全管理员", "/admin", ROLE_SECURITY},
	{"system", "系统管理员", "/admin", ROLE_SYSTEM},
	{"unit", "单位经办人", "/unit", ROLE_UNIT},
	{"person", "个人", "/person", ROLE_PERSON},
};

unsigned role_bits(const char *comma_list)
{
	unsigned bits = 0;
	struct span rest = span_str(comma_list), part;
	for (bool more = true; more;) {
		more = span_take_until(&rest, ',', &part);
		if (!more)
			part = rest;
		for (size_t i = 0; i < COUNT_OF(roles); i++)
			if (span_eq_str(part, roles[i].name))
				bits |= roles[i].bit;
	}
	return bits;
}

const char *role_home(unsigned bits)
{
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if ((bits & roles[i].bit) != 0)
			return roles[i].home;
	return "/";
}

const char *role_zh(unsigned bits)
{
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if ((bits & roles[i].bit) != 0)
			return roles[i].zh;
	return (bits & WEB_HALF_LOGIN) != 0 ? "待输入登录密码" : "";
}

const char *role_name_zh(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (strcmp(name, roles[i].name) == 0)
			return roles[i].zh;
	return strcmp(name, "system") == 0 ? "系统" : name;
}

/* --- tables --- */

static enum err table_read(const char *dir, const char *file, json_t *tables)
{
	char path[1024], name[64];
	size_t stem = strlen(file) - 5;
	AUTO_BUF(text, TABLE_MAX);
	json_t *v = NULL;
	if (stem >= sizeof(name))
		return ERR(CONFIG, "table name is too long");
	memcpy(name, file, stem);
	name[stem] = 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, file) >= sizeof(path))
		return ERR(CONFIG, "path of tables is too long");
	TRY(file_read(path, &text));
	enum err e = json_parse(buf_span(&text), &v);
	if (e != ERR_OK)
		return err_note(ERR_CONFIG, "%s", path);
	return json_put(tables, name, v);
}

enum err model_tables_load(const char *dir, json_t **ret_tables)
{
	AUTO_JSON tables = json_object();
	enum err e = tables != NULL ? ERR_OK : ERR(NOMEM, "tables");
	DIR *d = opendir(dir);
	if (d == NULL)
		return ERR(CONFIG, "cannot open %s", dir);
	for (struct dirent *f = readdir(d); f != NULL && e == ERR_OK; f = readdir(d)) {
		size_t n = strlen(f->d_name);
		if (f->d_name[0] != '.' && n > 5 && strcmp(f->d_name + n - 5, ".json") == 0)
			e = table_read(dir, f->d_name, tables);
	}
	(void)closedir(d);
	TRY(e);
	*ret_tables = STEAL(tables);
	return ERR_OK;
}

/* --- members of every page --- */

struct link {
	const char *href, *text;
	unsigned roles; /* 0: everybody */
};
static const struct link links[] = {
	{"/", "首页", 0},
	{"/guide", "办事指南", 0},
	{"/downloads", "下载专区", 0},
	{"/faq", "常见问题", 0},
	{"/windows", "办理窗口", 0},
	{"/search", "搜索", 0},
	{"/unit", "我的单位", ROLE_UNIT},
	{"/person", "我的信息", ROLE_PERSON},
	{"/desk", "证书业务", ROLE_DESK},
	{"/review", "证书审核", ROLE_REVIEWER},
	{"/filings", "业务申报", ROLE_UNIT | ROLE_PERSON},
	{"/review/filings", "业务审核", ROLE_REVIEWER},
	{"/audit", "审计", ROLE_AUDITOR},
	{"/admin", "管理", ROLE_SECURITY | ROLE_SYSTEM},
};

static void put_nav(struct web_req *rq, struct mo *yx, unsigned bits)
{
	json_t *nav = mo_list(yx, "nav");
	for (size_t i = 0; i < COUNT_OF(links); i++) {
		if (links[i].roles != 0 && (links[i].roles & bits) == 0)
			continue;
		struct mo m = mo_item(nav);
		mo_str(&m, "href", links[i].href);
		mo_str(&m, "text", links[i].text);
		mo_bool(&m, "current", strcmp(web_path(rq), links[i].href) == 0);
		if (yx->e == ERR_OK)
			yx->e = m.e;
	}
}

/* As a value within a query: everything but unreserved characters and the slash is escaped. */
static void put_path(struct mo *yx, const char *path)
{
	AUTO_BUF(out, 8192);
	for (const char *p = path; *p != 0; p++) {
		bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		             strchr("-_.~/", *p) != NULL;
		if (plain)
			buf_u8(&out, (uint8_t)*p);
		else
			buf_printf(&out, "%%%02X", (unsigned char)*p);
	}
	mo_str(yx, "path", buf_cstr(&out));
}

/* The secret with which a browser seals what this account has typed and not saved (share/assets/keep.js). */
static enum err put_keep(struct mo *yx, const struct desk *d, const struct web_session *s)
{
	uint8_t digest[32];
	char hex[2 * sizeof(digest) + 1] = "";
	if (s != NULL && d->keys != NULL) {
		TRY(field_digest(d->keys, "web.draft", span_str(s->subject), digest));
		text_hex_str(SPAN_ARR(digest), hex);
	}
	mo_str(yx, "keep", hex);
	return ERR_OK;
}

static enum err put_prefill(json_t *model)
{
	const json_t *prefill = json_object_get(model, "prefill");
	json_t *form = json_object_get(model, "form"), *v;
	const char *key;
	json_object_foreach((json_t *)(uintptr_t)prefill, key, v) {
		json_t *field = json_object_get(form, key);
		if (field != NULL)
			TRY(json_put(field, "value", json_incref(v)));
	}
	return ERR_OK;
}

enum err page_common(struct web_req *rq, json_t *model)
{
	const struct portal *p = portal_of(rq);
	const struct web_session *s = web_session_of(rq);
	bool elder = strcmp(web_cookie(rq, "yx_mode"), "elder") == 0;
	const char *csrf = "";
	struct mo top = mo_of(model);
	struct mo yx = mo_sub(&top, "yx");
	TRY(web_csrf(rq, &csrf));
	if (json_object_get(model, "title") == NULL) {
		const char *text = json_string_value(json_object_get(model, "text"));
		mo_str(&top, "title", text != NULL ? text : "印信");
	}
	mo_words(&yx, "bureau", p->bureau_name);
	mo_str(&yx, "product", "印信");
	mo_str(&yx, "agent", p->agent_origin);
	mo_str(&yx, "csrf", csrf);
	mo_bool(&yx, "logged_in", s != NULL);
	mo_str(&yx, "cert", s != NULL ? s->cert_serial : "");
	mo_str(&yx, "holder", s != NULL ? s->holder : "");
	mo_str(&yx, "role", s != NULL ? role_zh(s->roles) : "");
	mo_str(&yx, "home", s != NULL ? role_home(s->roles) : "/");
	mo_int(&yx, "idle", p->idle_sec);
	mo_int(&yx, "left", s != NULL ? s->ends - clock_now(p->desk.clock) : 0);
	TRY(put_keep(&yx, &p->desk, s));
	mo_int(&yx, "now", clock_now(p->desk.clock));
	mo_bool(&yx, "elder", elder);
	mo_str(&yx, "mode_class", elder ? "govuk-template yx-elder" : "govuk-template");
	put_path(&yx, web_path(rq));
	put_nav(rq, &yx, s != NULL ? s->roles : 0);
	TRY(mo_err(&yx));
	TRY(mo_err(&top));
	return put_prefill(model);
}

/* --- files for spreadsheets --- */

void csv_quoted(struct buf *out, const char *value)
{
	buf_str(out, value[0] != 0 && strchr("=+-@\t\r", value[0]) != NULL ? "\"'" : "\"");
	for (const char *p = value; *p; p++) {
		if (*p == '"')
			buf_u8(out, '"');
		buf_u8(out, (uint8_t)*p);
	}
	buf_u8(out, '"');
}
