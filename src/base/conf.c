#include "base/conf_i.h"
#include "base/file.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 128 };

struct conf {
	const struct conf_opt *opts;
	size_t n;
	char **values; /* NULL: the table's fallback holds */
};

static enum err conf_new(const struct conf_opt *opts, struct conf **ret_c)
{
	size_t n = 0;

	while (opts[n].key != NULL)
		n++;
	INVARIANT(n <= KEYS_MAX);
	struct conf *c = calloc(1, sizeof(*c));
	char **values = calloc(n + 1, sizeof(*values));
	if (c == NULL || values == NULL) {
		free(c);
		free(values);
		return ERR(NOMEM, "configuration");
	}
	*c = (struct conf){.opts = opts, .n = n, .values = values};
	*ret_c = c;
	return ERR_OK;
}

void conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->values[i]);
	free(c->values);
	free(c);
}

/* --- values --- */

static bool bool_value(const char *v, bool *ret_v)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"yes", true}, {"no", false},  {"true", true}, {"false", false},
		{"on", true},  {"off", false}, {"1", true},    {"0", false},
	};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(v, words[i].word) == 0) {
			*ret_v = words[i].value;
			return true;
		}
	}
	return false;
}

static bool is_choice(const char *choices, const char *v)
{
	struct span rest = span_str(choices), one;

	while (span_take_until(&rest, '|', &one))
		if (span_eq_str(one, v))
			return true;
	return span_eq_str(rest, v);
}

static enum err check_value(const struct conf_opt *o, const char *v)
{
	int64_t number;
	bool flag;

	switch (o->type) {
	case CONF_STR:
		return ERR_OK;
	case CONF_PATH:
		return v[0] ? ERR_OK : ERR(CONFIG, "%s: a path must not be empty", o->key);
	case CONF_INT:
		if (text_i64(span_str(v), o->min, o->max, &number) != ERR_OK)
			return ERR(CONFIG, "%s: not a number from %lld to %lld", o->key, (long long)o->min,
			           (long long)o->max);
		return ERR_OK;
	case CONF_BOOL:
		return bool_value(v, &flag) ? ERR_OK : ERR(CONFIG, "%s: neither yes nor no", o->key);
	case CONF_CHOICE:
		return is_choice(o->choices, v) ? ERR_OK : ERR(CONFIG, "%s: not one of %s", o->key, o->choices);
	}
	return ERR(INTERNAL, "%s: type %d", o->key, (int)o->type);
}

static bool find(const struct conf *c, struct span key, size_t *ret_i)
{
	for (size_t i = 0; i < c->n; i++) {
		if (span_eq_str(key, c->opts[i].key)) {
			*ret_i = i;
			return true;
		}
	}
	return false;
}

static enum err set(struct conf *c, size_t i, struct span value)
{
	if (text_line_check(value) != ERR_OK)
		return ERR(CONFIG, "%s: %s", c->opts[i].key, err_detail());
	AUTO_BUF(copy, CONF_TEXT_MAX);
	buf_put(&copy, value);
	TRY(check_value(&c->opts[i], buf_cstr(&copy)));
	char *text = buf_steal_str(&copy);
	if (text == NULL)
		return ERR(NOMEM, "configuration");
	free(c->values[i]);
	c->values[i] = text;
	return ERR_OK;
}

enum err conf_set(struct conf *c, const char *key, const char *value)
{
	size_t i;

	if (!find(c, span_str(key), &i))
		return ERR(CONFIG, "no option is called \"%s\"", key);
	return set(c, i, span_str(value));
}

/* --- the grammar --- */

static enum err parse_line(struct conf *c, struct span line)
{
	struct span key, rest = span_trim(line, " \t");
	size_t i;

	if (!text_is_utf8(line))
		return ERR(CONFIG, "not valid UTF-8");
	if (rest.len == 0 || rest.ptr[0] == '#')
		return ERR_OK;
	if (!span_take_until(&rest, '=', &key))
		return ERR(CONFIG, "no \"=\"");
	key = span_trim(key, " \t");
	if (key.len == 0)
		return ERR(CONFIG, "no key before \"=\"");
	if (text_line_check(key) != ERR_OK || !find(c, key, &i))
		return ERR(CONFIG, "no option is called \"%.*s\"", key.len < 64 ? (int)key.len : 64,
		           (const char *)key.ptr);
	if (c->values[i] != NULL)
		return ERR(CONFIG, "%s: given twice", c->opts[i].key);
	return set(c, i, span_trim(rest, " \t"));
}

static enum err parse_text(struct conf *c, struct span text)
{
	struct span line;

	if (text.len > CONF_TEXT_MAX)
		return ERR(CONFIG, "longer than %d bytes", CONF_TEXT_MAX);
	for (unsigned n = 1; text.len > 0; n++) {
		if (!span_take_until(&text, '\n', &line)) {
			line = text;
			text = SPAN_EMPTY;
		}
		enum err e = parse_line(c, line);
		if (e == ERR_CONFIG)
			return ERR(CONFIG, "line %u: %s", n, err_detail());
		TRY(e);
	}
	return ERR_OK;
}

static enum err check_required(const struct conf *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->values[i] == NULL && c->opts[i].fallback == NULL)
			return ERR(CONFIG, "%s: required, has no default", c->opts[i].key);
	return ERR_OK;
}

static enum err read_file(struct conf *c, const char *path)
{
	AUTO_BUF(text, CONF_TEXT_MAX);
	enum err e = file_read(path, &text);

	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK)
		return ERR(CONFIG, "%s", err_detail());
	e = parse_text(c, buf_span(&text));
	return e == ERR_CONFIG ? ERR(CONFIG, "%s: %s", path, err_detail()) : e;
}

enum err conf_open_(const char *path, const struct conf_opt *opts, struct conf **ret_c)
{
	AUTO(conf) c = NULL;

	TRY(conf_new(opts, &c));
	if (path != NULL)
		TRY(read_file(c, path));
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err conf_check_(const struct conf *c)
{
	return check_required(c);
}

enum err conf_load(const char *path, const struct conf_opt *opts, struct conf **ret_c)
{
	AUTO(conf) c = NULL;

	TRY(conf_open_(path, opts, &c));
	TRY(check_required(c));
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err conf_parse_text(struct span text, const struct conf_opt *opts, struct conf **ret_c)
{
	AUTO(conf) c = NULL;

	TRY(conf_new(opts, &c));
	TRY(parse_text(c, text));
	TRY(check_required(c));
	*ret_c = STEAL(c);
	return ERR_OK;
}

/* --- reading --- */

static const struct conf_opt *opt_of(const struct conf *c, const char *key, const char **ret_v)
{
	size_t i;

	INVARIANT(find(c, span_str(key), &i));
	*ret_v = c->values[i] != NULL ? c->values[i] : c->opts[i].fallback;
	INVARIANT(*ret_v);
	return &c->opts[i];
}

const char *conf_str(const struct conf *c, const char *key)
{
	const char *v;

	(void)opt_of(c, key, &v);
	return v;
}

int64_t conf_int(const struct conf *c, const char *key)
{
	const char *v;
	int64_t number = 0;
	const struct conf_opt *o = opt_of(c, key, &v);

	/* Only a fallback that breaks its own table can fail here. */
	INVARIANT(o->type == CONF_INT && text_i64(span_str(v), o->min, o->max, &number) == ERR_OK);
	return number;
}

bool conf_bool(const struct conf *c, const char *key)
{
	const char *v;
	bool flag = false;
	const struct conf_opt *o = opt_of(c, key, &v);

	INVARIANT(o->type == CONF_BOOL && bool_value(v, &flag));
	return flag;
}

void conf_print(const struct conf *c, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++)
		buf_printf(out, "%s = %s\n", c->opts[i].key, conf_str(c, c->opts[i].key));
}
