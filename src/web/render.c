#include "web/template_i.h"
#include <stdlib.h>
#include <string.h>

enum { CONTEXT_DEPTH = 48 };

struct render {
	const struct views *set;
	const struct view *view;
	const json_t *stack[CONTEXT_DEPTH]; /* innermost last */
	size_t depth;
	struct buf *out;
};

static void put_escaped(struct buf *out, struct span s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		const char *as = c == '&'    ? "&amp;"
		                 : c == '<'  ? "&lt;"
		                 : c == '>'  ? "&gt;"
		                 : c == '"'  ? "&quot;"
		                 : c == '\'' ? "&#39;"
		                             : NULL;
		if (as == NULL)
			continue;
		buf_put(out, span_sub(s, from, i - from));
		buf_str(out, as);
		from = i + 1;
	}
	buf_put(out, span_sub(s, from, s.len));
}

static const json_t *member(const json_t *o, struct span name)
{
	char key[TAG_NAME_MAX + 1];

	memcpy(key, name.ptr, name.len);
	key[name.len] = '\0';
	return json_object_get(o, key);
}

/* The first part of a dotted name is sought outwards, the others only below it. */
static const json_t *lookup(const struct render *r, struct span name)
{
	size_t at;
	const json_t *v = NULL;

	if (span_eq_str(name, "."))
		return r->stack[r->depth - 1];
	struct span first = span_find(name, '.', &at) ? span_sub(name, 0, at) : name;
	for (size_t i = r->depth; i > 0 && v == NULL; i--)
		v = member(r->stack[i - 1], first);
	while (v != NULL && first.len < name.len) {
		name = span_sub(name, first.len + 1, name.len);
		first = span_find(name, '.', &at) ? span_sub(name, 0, at) : name;
		v = member(v, first);
	}
	return v;
}

static enum err must_find(const struct render *r, struct span name, const json_t **ret_v)
{
	const json_t *v = lookup(r, name);

	if (v == NULL)
		return ERR(INTERNAL, "template %s: the model has no %.*s", r->view->name, (int)name.len,
		           (const char *)name.ptr);
	*ret_v = v;
	return ERR_OK;
}

static enum err put_value(struct render *r, struct span name)
{
	const json_t *v;

	TRY(must_find(r, name, &v));
	if (json_is_string(v))
		put_escaped(r->out, span_of(json_string_value(v), json_string_length(v)));
	else if (json_is_integer(v))
		buf_printf(r->out, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		buf_str(r->out, json_is_true(v) ? "true" : "false");
	else if (!json_is_null(v))
		return ERR(INTERNAL, "template %s: %.*s is no text", r->view->name, (int)name.len,
		           (const char *)name.ptr);
	return ERR_OK;
}

static bool is_true(const json_t *v)
{
	if (json_is_string(v))
		return json_string_length(v) > 0;
	if (json_is_integer(v))
		return json_integer_value(v) != 0;
	if (json_is_array(v))
		return json_array_size(v) > 0;
	return json_is_object(v) || json_is_true(v);
}

static enum err range(struct render *r, size_t from, size_t to);

static enum err with(struct render *r, const json_t *v, size_t from, size_t to)
{
	if (r->depth == CONTEXT_DEPTH)
		return ERR(INTERNAL, "template %s: sections nested too deep", r->view->name);
	r->stack[r->depth++] = v;
	enum err e = range(r, from, to);
	r->depth--;
	return e;
}

static enum err section(struct render *r, const struct node *n, size_t body)
{
	const json_t *v, *item;
	size_t i;

	TRY(must_find(r, n->text, &v));
	if (n->kind == NODE_INVERTED)
		return is_true(v) ? ERR_OK : range(r, body, n->after);
	if (!is_true(v))
		return ERR_OK;
	if (!json_is_array(v))
		return json_is_true(v) ? range(r, body, n->after) : with(r, v, body, n->after);
	json_array_foreach(v, i, item)
		TRY(with(r, item, body, n->after));
	return ERR_OK;
}

/* Circles were refused at the load, so that this ends. */
static enum err partial(struct render *r, const struct node *n)
{
	const struct view *outer = r->view;

	r->view = &r->set->v[n->partial];
	enum err e = range(r, 0, r->view->n);
	r->view = outer;
	return e;
}

static enum err range(struct render *r, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct node *n = &r->view->nodes[i];
		switch (n->kind) {
		case NODE_TEXT:
			buf_put(r->out, n->text);
			break;
		case NODE_VALUE:
			TRY(put_value(r, n->text));
			break;
		case NODE_PARTIAL:
			TRY(partial(r, n));
			break;
		default:
			TRY(section(r, n, i + 1));
			i = n->after - 1;
		}
		TRY(buf_err(r->out));
	}
	return ERR_OK;
}

enum err views_render(const struct views *v, const char *name, const json_t *model, struct buf *out)
{
	struct render r = {.set = v, .view = views_find(v, span_str(name)), .stack = {model}, .depth = 1, .out = out};
	size_t before = out->len;

	if (r.view == NULL)
		return ERR(INTERNAL, "no template %s", name);
	enum err e = range(&r, 0, r.view->n);
	if (e != ERR_OK)
		buf_cut(out, before);
	return e;
}
