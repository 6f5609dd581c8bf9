#include "web/template_i.h"
#include "base/file.h"
#include "base/text.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* --- compiling one --- */

struct scan {
	struct view *v;
	struct span src;
	size_t at, text_from; /* the text not yet put out begins at text_from */
	size_t open[TEMPLATE_DEPTH];
	size_t depth;
};

static unsigned line_of(const struct scan *s)
{
	unsigned line = 1;

	for (size_t i = 0; i < s->at && i < s->src.len; i++)
		line += s->src.ptr[i] == '\n';
	return line;
}

static enum err put_node(struct scan *s, struct node node)
{
	struct view *v = s->v;

	if (v->n == NODES_MAX)
		return ERR(LIMIT, "template %s: more than %d parts", v->name, NODES_MAX);
	if (v->n == v->cap) {
		size_t cap = v->cap ? v->cap * 2 : 64;
		struct node *more = reallocarray(v->nodes, cap, sizeof(*more));
		if (more == NULL)
			return ERR(NOMEM, "template %s", v->name);
		v->nodes = more;
		v->cap = cap;
	}
	v->nodes[v->n++] = node;
	return ERR_OK;
}

static enum err put_text(struct scan *s, size_t to)
{
	if (to <= s->text_from)
		return ERR_OK;
	return put_node(s, (struct node){.kind = NODE_TEXT, .text = span_sub(s->src, s->text_from, to - s->text_from)});
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A tag that stands alone on its line takes the line with it (mustache spec, "Standalone"). */
static bool is_standalone(const struct scan *s, size_t from, size_t to, size_t *ret_line, size_t *ret_next)
{
	while (from > 0 && is_blank(s->src.ptr[from - 1]))
		from--;
	while (to < s->src.len && is_blank(s->src.ptr[to]))
		to++;
	if ((from > 0 && s->src.ptr[from - 1] != '\n') || (to < s->src.len && s->src.ptr[to] != '\n'))
		return false;
	*ret_line = from;
	*ret_next = to < s->src.len ? to + 1 : to;
	return true;
}

static bool is_tag_name(struct span s)
{
	static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	if (span_eq_str(s, "."))
		return true;
	for (size_t i = 0; i < s.len; i++)
		if (memchr(ok, s.ptr[i], sizeof(ok) - 1) == NULL ||
		    (s.ptr[i] == '.' && (i == 0 || i + 1 == s.len || s.ptr[i - 1] == '.')))
			return false;
	return s.len > 0 && s.len <= TAG_NAME_MAX;
}

static enum err open_section(struct scan *s, enum node_kind kind, struct span name)
{
	if (s->depth == TEMPLATE_DEPTH)
		return ERR(CONFIG, "template %s line %u: nested deeper than %d", s->v->name, line_of(s),
		           TEMPLATE_DEPTH);
	s->open[s->depth++] = s->v->n;
	return put_node(s, (struct node){.kind = kind, .text = name});
}

static enum err close_section(struct scan *s, struct span name)
{
	struct node *head = s->depth > 0 ? &s->v->nodes[s->open[s->depth - 1]] : NULL;

	if (head == NULL || !span_eq(head->text, name))
		return ERR(CONFIG, "template %s line %u: {{/%.*s}} closes nothing", s->v->name, line_of(s),
		           (int)name.len, (const char *)name.ptr);
	head->after = s->v->n;
	s->depth--;
	return ERR_OK;
}

static enum err put_tag(struct scan *s, uint8_t sigil, struct span name)
{
	if (!is_tag_name(name))
		return ERR(CONFIG, "template %s line %u: tag \"%.*s\"", s->v->name, line_of(s),
		           (int)(name.len < 40 ? name.len : 40), (const char *)name.ptr);
	switch (sigil) {
	case '#':
		return open_section(s, NODE_SECTION, name);
	case '^':
		return open_section(s, NODE_INVERTED, name);
	case '/':
		return close_section(s, name);
	case '>':
		return put_node(s, (struct node){.kind = NODE_PARTIAL, .text = name});
	default:
		return put_node(s, (struct node){.kind = NODE_VALUE, .text = name});
	}
}

/* at is behind "{{", end before "}}". {{{x}}}, {{&x}} (not escaped) and {{=x=}} (delimiters) fail as tag names. */
static enum err take_tag(struct scan *s, size_t from, size_t end)
{
	struct span inner = span_sub(s->src, from + 2, end - from - 2);
	uint8_t sigil = inner.len > 0 && memchr("#^/>!", inner.ptr[0], 5) != NULL ? inner.ptr[0] : 0;
	size_t line = from, next = end + 2;

	if (sigil == 0 || !is_standalone(s, from, end + 2, &line, &next)) {
		line = from;
		next = end + 2;
	}
	TRY(put_text(s, line));
	s->at = s->text_from = next;
	return sigil == '!' ? ERR_OK
	                    : put_tag(s, sigil, span_trim(span_sub(inner, sigil ? 1 : 0, inner.len), " \t\r\n"));
}

static bool find_two(struct span s, size_t from, const char *two, size_t *ret_at)
{
	const uint8_t *hit = from < s.len ? memmem(s.ptr + from, s.len - from, two, 2) : NULL;

	if (hit != NULL)
		*ret_at = (size_t)(hit - s.ptr);
	return hit != NULL;
}

enum err view_compile(struct view *v)
{
	struct scan s = {.v = v, .src = buf_span(&v->source)};
	size_t from, end;

	if (!text_is_utf8(s.src))
		return ERR(CONFIG, "template %s is not UTF-8", v->name);
	while (find_two(s.src, s.at, "{{", &from)) {
		s.at = from;
		if (!find_two(s.src, from + 2, "}}", &end))
			return ERR(CONFIG, "template %s line %u: tag does not end", v->name, line_of(&s));
		TRY(take_tag(&s, from, end));
	}
	TRY(put_text(&s, s.src.len));
	if (s.depth > 0) {
		struct span name = v->nodes[s.open[s.depth - 1]].text;
		return ERR(CONFIG, "template %s: {{#%.*s}} is not closed", v->name, (int)name.len,
		           (const char *)name.ptr);
	}
	return ERR_OK;
}

/* --- the set --- */

const struct view *views_find(const struct views *v, struct span name)
{
	for (size_t i = 0; i < v->n; i++)
		if (span_eq_str(name, v->v[i].name))
			return &v->v[i];
	return NULL;
}

bool views_has(const struct views *v, const char *name)
{
	return views_find(v, span_str(name)) != NULL;
}

enum { WHITE, GREY, BLACK };

static enum err check_circle(struct views *set, struct view *v, unsigned depth)
{
	if (v->colour == GREY || depth > PARTIAL_DEPTH)
		return ERR(CONFIG, "template %s includes itself", v->name);
	if (v->colour == BLACK)
		return ERR_OK;
	v->colour = GREY;
	for (size_t i = 0; i < v->n; i++)
		if (v->nodes[i].kind == NODE_PARTIAL)
			TRY(check_circle(set, &set->v[v->nodes[i].partial], depth + 1));
	v->colour = BLACK;
	return ERR_OK;
}

enum err views_link(struct views *set)
{
	for (size_t i = 0; i < set->n; i++) {
		struct view *v = &set->v[i];
		for (size_t k = 0; k < v->n; k++) {
			struct node *n = &v->nodes[k];
			if (n->kind != NODE_PARTIAL)
				continue;
			const struct view *p = views_find(set, n->text);
			if (p == NULL)
				return ERR(CONFIG, "template %s: no template %.*s", v->name, (int)n->text.len,
				           (const char *)n->text.ptr);
			n->partial = (size_t)(p - set->v);
		}
	}
	for (size_t i = 0; i < set->n; i++)
		TRY(check_circle(set, &set->v[i], 0));
	return ERR_OK;
}

static int is_template(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 9 && d->d_name[0] != '.' && strcmp(d->d_name + len - 9, ".mustache") == 0;
}

static enum err load_file(struct views *set, const char *dir, const char *file)
{
	struct view *v = &set->v[set->n++];
	AUTO_BUF(path, 4096);

	buf_init(&v->source, TEMPLATE_FILE_MAX);
	v->name = strndup(file, strlen(file) - 9);
	if (v->name == NULL)
		return ERR(NOMEM, "templates");
	buf_printf(&path, "%s/%s", dir, file);
	TRY(buf_err(&path));
	TRY(file_read(buf_cstr(&path), &v->source));
	return view_compile(v);
}

static enum err load_all(struct views *set, const char *dir, struct dirent **names, int n)
{
	if (n > VIEWS_MAX)
		return ERR(LIMIT, "%d templates", n);
	set->v = calloc((size_t)n + 1, sizeof(*set->v));
	if (set->v == NULL)
		return ERR(NOMEM, "templates");
	for (int i = 0; i < n; i++)
		TRY(load_file(set, dir, names[i]->d_name));
	return views_link(set);
}

enum err views_load(const char *templates_dir, struct views **ret_v)
{
	AUTO(views) set = calloc(1, sizeof(*set));
	struct dirent **names;

	if (set == NULL)
		return ERR(NOMEM, "templates");
	int n = scandir(templates_dir, &names, is_template, alphasort);
	if (n < 0)
		return ERR(CONFIG, "cannot read folder %s", templates_dir);
	enum err e = load_all(set, templates_dir, names, n);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	TRY(e);
	*ret_v = STEAL(set);
	return ERR_OK;
}

void views_free(struct views *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; v->v != NULL && i < v->n; i++) {
		free(v->v[i].name);
		free(v->v[i].nodes);
		buf_done(&v->v[i].source);
	}
	free(v->v);
	free(v);
}
