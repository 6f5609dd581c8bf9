#include "server/form/content.h"
#include "base/text.h"
#include "base/text_fold.h"
#include "evidence/statement.h"
#include "server/form/field.h"
#include <string.h>

enum err content_new(json_t **ret_c)
{
	AUTO_JSON c = json_object();
	TRY(json_put(c, "form", json_object()));
	TRY(json_put(c, "rows", json_array()));
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err content_parse(struct span text, json_t **ret_c)
{
	AUTO_JSON c = NULL;
	TRY(json_parse_long(text, CONTENT_TEXT_MAX, &c));
	if (!json_is_object(json_object_get(c, "form")) || !json_is_array(json_object_get(c, "rows")))
		return ERR(SYNTAX, "content has no form and rows");
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err content_print(const json_t *content, struct buf *out)
{
	return json_print(content, out);
}

/* --- taking --- */

/* In the list's order, each once. Left as it is when a code is unknown. */
static bool sort_codes(const struct service_list *l, struct span in, char *ret, size_t cap)
{
	AUTO_BUF(sorted, SERVICE_VALUE_MAX);
	uint64_t bits;
	if (!field_codes(l, in, &bits) || field_codes_put(l, bits, &sorted) != ERR_OK || sorted.len >= cap)
		return false;
	memcpy(ret, buf_cstr(&sorted), sorted.len + 1);
	return true;
}

/* What the validator makes of it; as given when it is not accepted: the check will name the fault. */
static bool normalise(const struct service_field *f, struct span in, int64_t now, char ret[SERVICE_VALUE_MAX + 1])
{
	bool done = false;
	if (in.len > 0 && f->type == FIELD_CODES)
		done = sort_codes(f->list, in, ret, SERVICE_VALUE_MAX + 1);
	else if (in.len > 0 && f->type != FIELD_CODE && f->validator != NULL)
		done = f->validator->check(in, now, ret, SERVICE_VALUE_MAX + 1) == ERR_OK;
	if (done)
		return true;
	err_clear();
	if (in.len > 0)
		memcpy(ret, in.ptr, in.len);
	ret[in.len] = 0;
	return false;
}

/* Separators in a number and the form of a date are nobody's concern; what cannot be seen, and what was replaced, is.
 */
static enum err note_typed(const struct service_field *f, struct span in, json_t *row)
{
	AUTO_BUF(folded, 2 * SERVICE_VALUE_MAX);
	unsigned what = 0;
	json_t *all = json_object_get(row, CONTENT_TYPED);
	if (f->type != FIELD_TEXT || f->validator == NULL)
		return ERR_OK;
	TRY(text_fold(f->validator->folds, in, &folded, &what));
	if (f->validator->folds == FOLD_NUMBER)
		what &= ~(unsigned)(FOLD_BLANK | FOLD_WIDTH);
	if (what == 0)
		return ERR_OK;
	AUTO_JSON note = json_object();
	if (note == NULL || (all == NULL && json_object_set_new(row, CONTENT_TYPED, json_object()) != 0))
		return ERR(NOMEM, "row");
	if (!f->secret)
		TRY(json_put_str(note, "from", in));
	TRY(json_put_int(note, "what", what));
	return json_put(json_object_get(row, CONTENT_TYPED), f->name, STEAL(note));
}

/* Spaces at the ends are slips of the keyboard. */
static struct span taken_of(const json_t *v)
{
	return span_trim(span_of(json_string_value(v), json_string_length(v)), " \t\r\n");
}

static enum err take_value(const struct service_field *f, const json_t *v, int64_t now, json_t *row)
{
	char text[SERVICE_VALUE_MAX + 1];
	if (v != NULL && !json_is_string(v))
		return ERR(FIELD_VALUE, "%s is not a string", f->name);
	struct span in = v != NULL ? taken_of(v) : SPAN_EMPTY;
	if (in.len > SERVICE_VALUE_MAX)
		return ERR(LIMIT, "%s is longer than %d octets", f->name, SERVICE_VALUE_MAX);
	if (!text_is_utf8(in))
		return ERR(UTF8, "%s", f->name);
	if (normalise(f, in, now, text))
		TRY(note_typed(f, in, row));
	return text[0] != 0 ? json_put_str(row, f->name, span_str(text)) : ERR_OK;
}

enum err content_take(const struct service_fields *fields, const json_t *in, int64_t now, json_t **ret_row)
{
	AUTO_JSON row = json_object();
	const char *key;
	json_t *v;
	if (!json_is_object(in))
		return ERR(SYNTAX, "not an object of fields");
	json_object_foreach((json_t *)(uintptr_t)in, key, v)
		if (strcmp(key, CONTENT_TYPED) != 0 && service_field_find(fields, key) == NULL)
			return ERR(FIELD_UNKNOWN, "field is not in the definition");
	if (row == NULL)
		return ERR(NOMEM, "row");
	for (size_t i = 0; i < fields->n; i++)
		TRY(take_value(&fields->v[i], json_object_get(in, fields->v[i].name), now, row));
	*ret_row = STEAL(row);
	return ERR_OK;
}

unsigned content_typed(const json_t *row, const char *field, const char **ret_from)
{
	const json_t *note = json_object_get(json_object_get(row, CONTENT_TYPED), field);
	*ret_from = json_str_or(note, "from", "");
	return (unsigned)json_int_or(note, "what", 0);
}

static enum err retake_row(const struct service_fields *fields, const json_t *row, int64_t now, json_t **ret_row)
{
	AUTO_JSON known = json_object();
	if (known == NULL)
		return ERR(NOMEM, "row");
	for (size_t i = 0; i < fields->n; i++) {
		json_t *v = json_object_get(row, fields->v[i].name);
		if (v != NULL)
			TRY(json_put(known, fields->v[i].name, json_incref(v)));
	}
	return content_take(fields, known, now, ret_row);
}

static enum err retake_rows(const struct service *s, const json_t *rows, int64_t now, json_t **ret_rows)
{
	AUTO_JSON out = json_array();
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = NULL;
		TRY(retake_row(&s->row_fields, json_array_get(rows, i), now, &row));
		if (json_array_append_new(out, row) != 0)
			return ERR(NOMEM, "rows");
	}
	*ret_rows = STEAL(out);
	return ERR_OK;
}

enum err content_retake(const struct service *s, const json_t *content, int64_t now, json_t **ret_content)
{
	AUTO_JSON out = NULL;
	json_t *form = NULL, *rows = NULL;
	TRY(content_new(&out));
	TRY(retake_row(&s->fields, json_object_get(content, "form"), now, &form));
	TRY(json_put(out, "form", form));
	TRY(retake_rows(s, json_object_get(content, "rows"), now, &rows));
	TRY(json_put(out, "rows", rows));
	*ret_content = STEAL(out);
	return ERR_OK;
}

/* --- text --- */

static enum err value_text(const struct service_field *f, const char *value, bool with_code, struct buf *out)
{
	struct span rest = span_str(value), part;
	if (f->list == NULL) {
		buf_put(out, rest);
		return buf_err(out);
	}
	for (bool more = true, first = true; more; first = false) {
		more = f->type == FIELD_CODES && span_take_until(&rest, ',', &part);
		part = more ? part : rest;
		const char *text = service_list_text(f->list, part);
		buf_str(out, first ? "" : "、");
		if (with_code || text == NULL)
			buf_put(out, part);
		if (text != NULL)
			buf_printf(out, "%s%s", with_code ? " " : "", text);
	}
	return buf_err(out);
}

enum err content_value_text(const struct service_field *f, const char *value, struct buf *out)
{
	return value_text(f, value, true, out);
}

enum err content_value_words(const struct service_field *f, const char *value, struct buf *out)
{
	return value_text(f, value, false, out);
}

static enum err put_escaped(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		bool end = s.ptr[i] == '\n';
		if (s.ptr[i] == ';' || s.ptr[i] == '\\' || end)
			buf_u8(out, '\\');
		buf_u8(out, end ? 'n' : s.ptr[i]);
	}
	return buf_err(out);
}

enum err content_row_text(const struct service_fields *fields, const json_t *row, struct buf *out)
{
	size_t before = out->len;
	for (size_t i = 0; i < fields->n; i++) {
		AUTO_BUF(value, 4 * SERVICE_VALUE_MAX);
		const char *v = json_str_or(row, fields->v[i].name, "");
		if (v[0] == 0)
			continue;
		TRY(content_value_text(&fields->v[i], v, &value));
		buf_printf(out, "%s%s=", out->len > before ? ";" : "", fields->v[i].label);
		TRY(put_escaped(buf_span(&value), out));
	}
	if (out->len == before && buf_err(out) == ERR_OK)
		buf_u8(out, '-');
	TRY(buf_err(out));
	return out->len - before <= STATEMENT_WIDE_VALUE_MAX ? ERR_OK : ERR(LIMIT, "row text");
}
