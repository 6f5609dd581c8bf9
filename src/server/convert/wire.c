#include "server/convert/convert.h"
#include "base/json.h"
#include "base/text.h"
#include <string.h>

enum { COLS_MAX = 256 };

/* --- writing --- */

static enum err put_line(struct buf *out, const json_t *line)
{
	TRY(json_print(line, out));
	buf_u8(out, '\n');
	return buf_err(out);
}

static enum err put_cells(json_t *line, const struct cell *cells, size_t n)
{
	AUTO_JSON list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *pair = json_array();
		json_t *text =
			json_stringn(cells[i].text.len > 0 ? (const char *)cells[i].text.ptr : "", cells[i].text.len);
		int rc = json_array_append_new(pair, json_string(cell_kind_name(cells[i].kind)));
		rc |= json_array_append_new(pair, text);
		rc |= json_array_append_new(list, pair);
		if (rc != 0)
			return ERR(NOMEM, "row");
	}
	return json_put(line, "c", STEAL(list));
}

enum err wire_put_row(struct buf *out, bool head, int64_t row, const struct cell *cells, size_t n)
{
	AUTO_JSON line = json_object();
	TRY(json_put_str(line, "k", head ? SPAN_LIT("head") : SPAN_LIT("row")));
	TRY(json_put_int(line, "n", row));
	TRY(put_cells(line, cells, n));
	return put_line(out, line);
}

enum err wire_put_end(struct buf *out, const struct xlsx_summary *s)
{
	AUTO_JSON line = json_object();
	TRY(json_put_str(line, "k", SPAN_LIT("end")));
	TRY(json_put_int(line, "rows", s->rows));
	TRY(json_put_int(line, "empty", s->empty_rows));
	TRY(json_put_int(line, "last", s->last_row));
	TRY(json_put_int(line, "sheets", (int64_t)s->sheets));
	TRY(json_put_bool(line, "date1904", s->date1904));
	return put_line(out, line);
}

enum err wire_put_refused(struct buf *out, enum err e, const char *detail)
{
	AUTO_JSON line = json_object();
	TRY(json_put_str(line, "k", SPAN_LIT("refused")));
	TRY(json_put_str(line, "code", span_str(err_code(e))));
	TRY(json_put_str(line, "detail", span_str(detail)));
	return put_line(out, line);
}

/* --- reading: nothing of it is believed --- */

static bool kind_of(const char *name, enum cell_kind *ret_k)
{
	for (unsigned k = 0; name != NULL && k < CELL_KIND_COUNT; k++) {
		if (strcmp(cell_kind_name((enum cell_kind)k), name) == 0) {
			*ret_k = (enum cell_kind)k;
			return true;
		}
	}
	return false;
}

/* " 16:00" */
static bool is_clock(struct span s)
{
	if (s.len != 6 || s.ptr[0] != ' ' || s.ptr[3] != ':')
		return false;
	for (size_t i = 1; i < 6; i++)
		if (i != 3 && (s.ptr[i] < '0' || s.ptr[i] > '9'))
			return false;
	return true;
}

static bool cell_sound(const struct wire_state *w, const struct cell *c)
{
	int64_t day = 0;
	bool has_text = c->kind == CELL_TEXT || c->kind == CELL_NUMBER || c->kind == CELL_DATE ||
	                c->kind == CELL_BOOL || c->kind == CELL_TIMED;
	if (c->text.len > w->limits->cell_bytes || (!has_text && c->text.len > 0) || (has_text && c->text.len == 0))
		return false;
	if (c->kind == CELL_NUMBER)
		for (size_t i = 0; i < c->text.len; i++)
			if (memchr("0123456789.-", c->text.ptr[i], 12) == NULL)
				return false;
	struct span date = c->kind == CELL_TIMED ? span_sub(c->text, 0, 10) : c->text;
	if ((c->kind == CELL_DATE || c->kind == CELL_TIMED) && text_date(date, &day) != ERR_OK) {
		err_clear();
		return false;
	}
	return c->kind != CELL_TIMED || is_clock(span_sub(c->text, 10, c->text.len));
}

static enum err take_cells(const struct wire_state *w, const json_t *list, struct cell *cells, size_t *ret_n)
{
	size_t n = json_array_size(list);
	if (!json_is_array(list) || n == 0 || n > w->limits->cols || n > COLS_MAX)
		return ERR(CONVERT, "row of %zu cells", n);
	for (size_t i = 0; i < n; i++) {
		const json_t *pair = json_array_get(list, i), *text = json_array_get(pair, 1);
		bool whole = json_array_size(pair) == 2 && json_is_string(text);
		if (!whole || !kind_of(json_string_value(json_array_get(pair, 0)), &cells[i].kind))
			return ERR(CONVERT, "cell that is not one");
		cells[i].text = span_of(json_string_value(text), json_string_length(text));
		if (!cell_sound(w, &cells[i]))
			return ERR(CONVERT, "cell of kind %s with a text it cannot have",
			           cell_kind_name(cells[i].kind));
	}
	*ret_n = n;
	return ERR_OK;
}

static enum err take_row(struct wire_state *w, const json_t *line, bool head, const struct xlsx_sink *sink)
{
	struct cell cells[COLS_MAX];
	int64_t row = json_int_or(line, "n", 0);
	size_t n = 0;
	TRY(take_cells(w, json_object_get(line, "c"), cells, &n));
	if (row <= w->last_row || row > XLSX_ROW_LAST || w->headed == head || (!head && n != w->n_head))
		return ERR(CONVERT, "row %lld out of place", (long long)row);
	if (!head && ++w->rows > w->limits->rows)
		return ERR(CONVERT, "more rows than were asked for");
	w->last_row = row;
	if (!head)
		return sink->row(sink->ctx, row, cells, n);
	w->headed = true;
	w->n_head = n;
	return sink->head(sink->ctx, row, cells, n);
}

static enum err take_end(const struct wire_state *w, const json_t *line, struct xlsx_summary *s)
{
	struct xlsx_summary got = {json_int_or(line, "rows", -1), json_int_or(line, "empty", -1),
	                           json_int_or(line, "last", -1), (unsigned)json_int_or(line, "sheets", 0),
	                           json_is_true(json_object_get(line, "date1904"))};
	if (!w->headed || got.rows != w->rows || got.last_row != w->last_row || got.empty_rows < 0)
		return ERR(CONVERT, "end line disagrees with the rows");
	*s = got;
	return ERR_OK;
}

/* Only what a workbook can be refused for; anything else of the other process is a conversion that failed. */
static enum err take_refused(const json_t *line)
{
	enum err e = err_from_code(json_str_or(line, "code", ""));
	if (e < ERR_XLSX_NOT || e > ERR_XLSX_HEAD)
		return ERR(CONVERT, "refused with %s", err_name(e));
	return err_raise(e, __FILE__, __LINE__, "%.200s", json_str_or(line, "detail", ""));
}

enum err wire_line(struct wire_state *w, struct span text, const struct xlsx_sink *sink, struct xlsx_summary *s,
                   bool *ret_end)
{
	AUTO_JSON line = NULL;
	enum err e = json_parse(text, &line);
	if (e != ERR_OK && e != ERR_NOMEM) {
		err_clear();
		return ERR(CONVERT, "line that is not JSON");
	}
	TRY(e);
	const char *kind = json_str_or(line, "k", "");
	if (strcmp(kind, "refused") == 0)
		return take_refused(line);
	bool head = strcmp(kind, "head") == 0;
	if (head || strcmp(kind, "row") == 0)
		return take_row(w, line, head, sink);
	if (strcmp(kind, "end") != 0)
		return ERR(CONVERT, "line of an unknown kind");
	TRY(take_end(w, line, s));
	*ret_end = true;
	return ERR_OK;
}

/* --- arguments --- */

const char *convert_kind_name(enum convert_kind k)
{
	static const char *const names[] = {"xlsx", "picture", "pdf"};
	return names[k];
}

static enum err numbers(char **argv, enum convert_kind kind, int64_t v[CONVERT_ARGC - 2])
{
	static const int64_t max[2][CONVERT_ARGC - 2] = {{100000, COLS_MAX, 32768, 1000000, 1000, 1LL << 32, 600,
	                                                  65536},
	                                                 {100000000, 30000, 16000, 4000, RENDER_PAGES_MAX,
	                                                  RENDER_INPUT_MAX, 600, 65536}};
	for (size_t i = 0; i < CONVERT_ARGC - 2; i++)
		if (text_i64(span_str(argv[2 + i]), 1, max[kind != CONVERT_XLSX][i], &v[i]) != ERR_OK)
			return ERR(USAGE, "number %zu", i + 1);
	return ERR_OK;
}

enum err convert_args(int argc, char **argv, enum convert_kind *ret_k, struct convert_limits *ret_l)
{
	int64_t v[CONVERT_ARGC - 2];
	enum convert_kind k = CONVERT_XLSX;
	while (argc == CONVERT_ARGC && k < CONVERT_KIND_COUNT && strcmp(argv[1], convert_kind_name(k)) != 0)
		k++;
	if (argc != CONVERT_ARGC || k == CONVERT_KIND_COUNT)
		return ERR(USAGE, "xlsx, picture or pdf and eight numbers");
	TRY(numbers(argv, k, v));
	struct convert_limits l = CONVERT_LIMITS_DEFAULT;
	if (k == CONVERT_XLSX)
		l.xlsx = (struct xlsx_limits){(unsigned)v[0], (unsigned)v[1], (unsigned)v[2],
		                              (unsigned)v[3], (unsigned)v[4], (uint64_t)v[5]};
	else
		l.render = (struct render_limits){(unsigned)v[0], (unsigned)v[1], (unsigned)v[2],
		                                  (unsigned)v[3], (unsigned)v[4], (unsigned)v[5]};
	l.cpu_sec = (unsigned)v[6];
	l.memory_mb = (unsigned)v[7];
	*ret_k = k;
	*ret_l = l;
	return ERR_OK;
}
