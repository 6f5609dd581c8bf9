/* A filing as it was last signed, from the signed statement itself: what an officer gets while the filer may be
 * writing. */
#include "server/filing/filing_i.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum err filing_sent_statement(const struct filing_desk *d, const struct filing *f, struct statement **ret_s)
{
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	TRY(filing_statement(d, f->submit_sm3, &text, NULL, NULL));
	return statement_parse(buf_span(&text), ret_s);
}

/* "-" stands for nothing. */
static size_t lines(const struct statement *s, const char *key)
{
	size_t n = statement_count(s, key);
	return n == 1 && strcmp(statement_get(s, key), "-") == 0 ? 0 : n;
}

static enum err last_event(const struct filing_event *e, void *ctx)
{
	struct filing *f = ctx;
	f->changed = e->time;
	f->version = e->version;
	return ERR_OK;
}

enum err filing_as_sent(const struct filing_desk *d, struct filing *f)
{
	AUTO(statement) s = NULL;
	TRY(filing_sent_statement(d, f, &s));
	TRY(filing_events(d, f, last_event, f));
	f->rows = (int64_t)lines(s, "row");
	f->as_sent = true;
	return ERR_OK;
}

/* --- a line of the statement back into values: content_row_text() of content.h the other way round --- */

/* Up to the next ";" that nothing escapes, escapes undone. */
static bool take_part(struct span *rest, struct buf *out)
{
	if (rest->len == 0)
		return false;
	buf_clear(out);
	for (size_t i = 0; i < rest->len; i++) {
		uint8_t c = rest->ptr[i];
		if (c == ';') {
			*rest = span_sub(*rest, i + 1, rest->len);
			return true;
		}
		if (c == '\\' && i + 1 < rest->len)
			c = rest->ptr[++i] == 'n' ? '\n' : rest->ptr[i];
		buf_u8(out, c);
	}
	*rest = SPAN_EMPTY;
	return true;
}

/* "A 首次参保" is A, "110 养老、210 失业" is 110,210. */
static void put_codes(struct span value, struct buf *out)
{
	static const char mark[] = "、";
	for (size_t i = 0; i < value.len; i++) {
		size_t from = i;
		while (i < value.len && value.ptr[i] != ' ' &&
		       (value.len - i < 3 || memcmp(value.ptr + i, mark, 3) != 0))
			i++;
		buf_printf(out, "%s%.*s", out->len > 0 ? "," : "", (int)(i - from), (const char *)value.ptr + from);
		while (i < value.len && (value.len - i < 3 || memcmp(value.ptr + i, mark, 3) != 0))
			i++;
		i += 2; /* and the loop's own step */
	}
}

static enum err put_part(const struct service_field *f, struct span value, json_t *row)
{
	AUTO_BUF(codes, SERVICE_VALUE_MAX);
	if (f->list == NULL)
		return json_put_str(row, f->name, value);
	put_codes(value, &codes);
	TRY(buf_err(&codes));
	return json_put_str(row, f->name, buf_span(&codes));
}

/* A label that the definition no longer has is left out. */
static enum err take_field(const struct service_fields *fields, struct span part, json_t *row)
{
	for (size_t i = 0; i < fields->n; i++) {
		size_t n = strlen(fields->v[i].label);
		if (part.len > n && memcmp(part.ptr, fields->v[i].label, n) == 0 && part.ptr[n] == '=')
			return put_part(&fields->v[i], span_sub(part, n + 1, part.len), row);
	}
	return ERR_OK;
}

static enum err take_line(const struct service_fields *fields, const char *line, json_t **ret_row)
{
	AUTO_JSON row = json_object();
	AUTO_BUF(part, STATEMENT_WIDE_VALUE_MAX);
	struct span rest = span_str(line);
	if (row == NULL)
		return ERR(NOMEM, "row");
	while (take_part(&rest, &part)) {
		TRY(buf_err(&part));
		TRY(take_field(fields, buf_span(&part), row));
	}
	*ret_row = STEAL(row);
	return ERR_OK;
}

static enum err take_rows(const struct service *s, const struct statement *st, json_t *rows)
{
	for (size_t i = 0; i < lines(st, "row"); i++) {
		json_t *row = NULL;
		TRY(take_line(&s->row_fields, statement_get_n(st, "row", i), &row));
		if (json_array_append_new(rows, row) != 0)
			return ERR(NOMEM, "rows");
	}
	return ERR_OK;
}

enum err filing_sent_content(const struct filing_desk *d, const struct filing *f, json_t **ret_content)
{
	const struct service *s;
	AUTO(statement) st = NULL;
	AUTO_JSON content = NULL;
	json_t *form = NULL;
	TRY(filing_service(d, f, &s));
	TRY(filing_sent_statement(d, f, &st));
	TRY(content_new(&content));
	TRY(take_line(&s->fields, statement_get(st, "form"), &form));
	TRY(json_put(content, "form", form));
	TRY(take_rows(s, st, json_object_get(content, "rows")));
	*ret_content = STEAL(content);
	return ERR_OK;
}
