/* /search over the public tables, and the notices. A query of Chinese has no blanks between its words, and people do
 * not repeat a title letter by letter: what counts is how many of the query's pairs of characters a text has
 * ("忘记密码" finds 忘记证书密码). */
#include "server/portal/pages.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUERY_CHARS = 64,
	TEXT_MAX = 65536,
	HITS_MAX = 200,
	SHOWN_MAX = 20,
	SNIPPET_CHARS = 60,
	WHOLE = 1000,
	IN_TITLE = 500,
	ENOUGH = 500
};

/* --- how well a text answers --- */

static uint32_t lower(uint32_t cp)
{
	return cp >= 'A' && cp <= 'Z' ? cp - 'A' + 'a' : cp;
}

/* Without blanks, small letters; at most QUERY_CHARS. */
static size_t fold(const char *s, uint32_t ret[], size_t max)
{
	struct span rest = span_str(s);
	size_t n = 0, took;
	for (uint32_t cp = 0; n < max && (took = text_decode(rest, &cp)) > 0; rest = span_sub(rest, took, rest.len))
		if (cp != ' ' && cp != 0x3000)
			ret[n++] = lower(cp);
	return n;
}

static bool has(const uint32_t *text, size_t n, const uint32_t *piece, size_t len)
{
	for (size_t i = 0; i + len <= n; i++)
		if (memcmp(text + i, piece, len * sizeof(*piece)) == 0)
			return true;
	return false;
}

/* 0 to WHOLE. */
static int score(const uint32_t *text, size_t n, const uint32_t *query, size_t len)
{
	size_t found = 0;
	if (len == 0 || has(text, n, query, len))
		return len == 0 ? 0 : WHOLE;
	for (size_t i = 0; i + 2 <= len; i++)
		found += has(text, n, query + i, 2);
	return len > 2 ? (int)(found * (WHOLE - 1) / (len - 1)) : 0;
}

int search_score(const char *text, const char *query)
{
	static _Thread_local uint32_t folded[TEXT_MAX];
	uint32_t q[QUERY_CHARS];
	size_t len = fold(query, q, QUERY_CHARS);
	int got = score(folded, fold(text, folded, TEXT_MAX), q, len);
	return got >= ENOUGH ? got : 0;
}

/* --- the tables --- */

struct hit {
	const char *title, *text, *where;
	char href[64];
	int score;
};
struct searching {
	const char *query;
	struct web_req *rq;
	struct hit v[HITS_MAX];
	size_t n;
};

/* Every string within, one after the other. */
static void gather(const json_t *v, struct buf *out)
{
	const json_t *part;
	const char *key;
	size_t i;
	if (json_is_string(v))
		buf_printf(out, "%s ", json_string_value(v));
	json_array_foreach(v, i, part)
		gather(part, out);
	json_object_foreach((json_t *)(uintptr_t)v, key, part)
		if (strcmp(key, "href") != 0 && strcmp(key, "id") != 0)
			gather(part, out);
}

static enum err take(struct searching *w, const json_t *item, const char *title_key, const char *where,
                     const char *href)
{
	AUTO_BUF(all, TEXT_MAX);
	const char *title = json_str_or(item, title_key, "");
	gather(item, &all);
	TRY(buf_err(&all));
	int in_title = search_score(title, w->query), got = search_score(buf_cstr(&all), w->query);
	if (got == 0 || w->n == HITS_MAX)
		return ERR_OK;
	struct hit *h = &w->v[w->n++];
	*h = (struct hit){.title = title, .where = where, .score = got + (in_title > 0 ? IN_TITLE + in_title : 0)};
	(void)snprintf(h->href, sizeof(h->href), "%s", href);
	h->text = arena_str(web_arena(w->rq), buf_span(&all));
	return h->text != NULL ? ERR_OK : ERR(NOMEM, "search");
}

static enum err take_table(struct searching *w, const char *name, const char *title_key, const char *where)
{
	const json_t *list = json_object_get(json_object_get(portal_of(w->rq)->tables, name), name), *item;
	char href[64];
	size_t i;
	json_array_foreach(list, i, item) {
		const char *id = json_str_or(item, "id", "");
		if (id[0] != 0)
			(void)snprintf(href, sizeof(href), "/%s/%.20s", name, id);
		else
			(void)snprintf(href, sizeof(href), "/%s#%s-%zu", name, name, i + 1);
		TRY(take(w, item, title_key, where, href));
	}
	return ERR_OK;
}

static int by_score(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	return x->score != y->score ? y->score - x->score : strcmp(x->href, y->href);
}

/* --- the answer --- */

/* The text after the title, its first characters. */
static void put_snippet(struct mo *m, const struct hit *h)
{
	AUTO_BUF(out, 1024);
	size_t skip = strlen(h->title), took;
	struct span rest = span_str(strncmp(h->text, h->title, skip) == 0 ? h->text + skip : h->text);
	size_t n = 0;
	for (uint32_t cp = 0; n < SNIPPET_CHARS && (took = text_decode(rest, &cp)) > 0;
	     rest = span_sub(rest, took, rest.len), n++)
		buf_put(&out, span_sub(rest, 0, took));
	buf_str(&out, rest.len > 1 ? "…" : "");
	mo_str(m, "text", buf_cstr(&out));
}

static enum err put_hits(struct mo *m, struct searching *w)
{
	json_t *list = mo_list(m, "hits");
	qsort(w->v, w->n, sizeof(*w->v), by_score);
	for (size_t i = 0; i < w->n && i < SHOWN_MAX; i++) {
		struct mo o = mo_item(list);
		mo_str(&o, "href", w->v[i].href);
		mo_str(&o, "title", w->v[i].title);
		mo_str(&o, "where", w->v[i].where);
		put_snippet(&o, &w->v[i]);
		TRY(mo_err(&o));
	}
	mo_int(m, "count", (int64_t)(w->n < SHOWN_MAX ? w->n : SHOWN_MAX));
	return mo_err(m);
}

enum err page_search(struct web_req *rq)
{
	static const struct {
		const char *table, *title_key, *where;
	} all[] = {{"faq", "q", "常见问题"},
	           {"guide", "title", "办事指南"},
	           {"downloads", "title", "下载专区"},
	           {"windows", "name", "办理窗口"},
	           {"notices", "title", "通知公告"}};
	struct mo m = mo_of(web_model(rq));
	struct searching *w = arena_alloc(web_arena(rq), sizeof(*w));
	if (w == NULL)
		return ERR(NOMEM, "search");
	w->query = web_value(rq, "q");
	w->rq = rq;
	w->n = 0;
	for (size_t i = 0; i < COUNT_OF(all); i++)
		TRY(take_table(w, all[i].table, all[i].title_key, all[i].where));
	mo_str(&m, "title", "搜索");
	mo_str(&m, "query", w->query);
	TRY(put_hits(&m, w));
	mo_bool(&m, "nothing", w->query[0] != 0 && w->n == 0);
	return mo_err(&m);
}

/* --- notices --- */

enum err page_notices(struct web_req *rq)
{
	TRY(model_title(rq, "通知公告"));
	return model_table(rq, "notices");
}

enum err page_notice(struct web_req *rq)
{
	const json_t *list = json_object_get(json_object_get(portal_of(rq)->tables, "notices"), "notices"), *item;
	struct mo m = mo_of(web_model(rq));
	size_t i;
	json_array_foreach(list, i, item) {
		if (strcmp(json_str_or(item, "id", ""), web_param(rq, "id")) != 0)
			continue;
		mo_str(&m, "title", json_str_or(item, "title", ""));
		mo_str(&m, "date", json_str_or(item, "date", ""));
		mo_str(&m, "text", json_str_or(item, "text", ""));
		return mo_err(&m);
	}
	return ERR(ABSENT, "no such notice");
}
