#include "server/convert/xlsx_i.h"
#include "base/text_fold.h"
#include <stdlib.h>
#include <string.h>

struct range {
	int64_t row1, row2;
	unsigned col1, col2;
};
struct ranges {
	struct range v[XLSX_MERGES_MAX];
	size_t n;
};

/* A cell while it is read; its text lies in the row's buffer. */
struct slot {
	enum cell_kind kind;
	size_t at, len;
};
struct sheet_job {
	struct book *b;
	const struct xlsx_sink *sink;
	struct xlsx_summary *s;
	const struct ranges *merged;
	struct buf text;    /* of this row */
	struct slot *slots; /* limits.cols of them */
	struct cell *cells;
	unsigned n_head; /* columns of the header row, 0 before it */
	int64_t row;
	unsigned col, next_col; /* the cell being read */
	bool in_row, in_cell, in_value, has_formula, is_long, has_content;
	int phonetic; /* inside of <rPh>: how it is read aloud, not the text (18.4.6) */
	char type[12];
	int64_t style, *col_style; /* of the cell, -1 none; of each column, limits.cols of them */
	struct buf value;          /* of this cell */
};

/* --- first reading: merged ranges (18.3.1.55) --- */

static bool parse_range(struct span ref, struct range *ret_r)
{
	size_t colon = 0;
	struct range r;
	if (!span_find(ref, ':', &colon))
		colon = ref.len;
	struct span a = span_sub(ref, 0, colon), z = colon < ref.len ? span_sub(ref, colon + 1, ref.len) : a;
	if (!value_ref(a, &r.row1, &r.col1) || !value_ref(z, &r.row2, &r.col2) || r.row2 < r.row1 || r.col2 < r.col1)
		return false;
	*ret_r = r;
	return true;
}

static enum err merge_start(void *ctx, const char *name, const char **attrs)
{
	struct ranges *m = ctx;
	if (strcmp(name, "mergeCell") != 0)
		return ERR_OK;
	const char *ref = xml_attr(attrs, "ref");
	if (m->n == XLSX_MERGES_MAX)
		return ERR(XLSX_LIMIT, "more than %d merged ranges", XLSX_MERGES_MAX);
	if (ref == NULL || !parse_range(span_str(ref), &m->v[m->n]))
		return ERR(XLSX_DAMAGED, "merged range without a place");
	m->n++;
	return ERR_OK;
}

/* --- cells --- */

/* Nothing that can be seen. */
static bool is_blank(struct span s)
{
	AUTO_BUF(folded, XLSX_FILE_MAX);
	if (s.len == 0 || (s.ptr[0] > ' ' && s.ptr[0] < 0x7f))
		return s.len == 0;
	enum err e = text_fold(FOLD_TEXT, s, &folded, NULL);
	err_clear();
	return e == ERR_OK && folded.len == 0;
}

static void slot_set(struct sheet_job *j, enum cell_kind kind, struct span text)
{
	struct slot *s = &j->slots[j->col];
	if (kind == CELL_TEXT && is_blank(text))
		kind = CELL_EMPTY;
	*s = (struct slot){kind, j->text.len, kind == CELL_EMPTY ? 0 : text.len};
	if (kind != CELL_EMPTY)
		buf_put(&j->text, text);
	j->has_content = j->has_content || kind != CELL_EMPTY;
}

static enum err shared_cell(struct sheet_job *j, struct span v)
{
	const struct strings *st = &j->b->strings;
	int64_t i = 0;
	if (!value_int(v, INT32_MAX, &i) || (size_t)i >= st->n)
		return ERR(XLSX_DAMAGED, "shared string that does not exist, row %lld", (long long)j->row);
	const struct item *it = &st->v[i];
	slot_set(j, it->is_long ? CELL_LONG : CELL_TEXT, span_sub(buf_span(&st->bytes), it->at, it->len));
	return ERR_OK;
}

static bool is_date_style(const struct sheet_job *j, int64_t style)
{
	return style >= 0 && (size_t)style < j->b->styles.n && j->b->styles.is_date[style];
}

/* Gnumeric leaves a cell's style off where its column has it, though a column's style is for cells that do not exist
 * (18.3.1.13). A number of five digits in such a column is that day; others are what they are. */
static bool by_column(const struct sheet_job *j, struct span v)
{
	size_t whole = 0;
	while (whole < v.len && v.ptr[whole] >= '0' && v.ptr[whole] <= '9')
		whole++;
	return j->style < 0 && whole == 5 && is_date_style(j, j->col_style[j->col]);
}

static void number_cell(struct sheet_job *j, struct span v)
{
	char text[64] = "";
	enum cell_kind k = is_date_style(j, j->style) || by_column(j, v)
	                           ? value_date(v, j->b->date1904, text, sizeof(text))
	                           : value_number(v, text, sizeof(text));
	slot_set(j, k, k == CELL_NUMBER || k == CELL_DATE || k == CELL_TIMED ? span_str(text) : SPAN_EMPTY);
}

/* A cell that says itself that it is a date: "2026-03-01" or with a time after T. */
static void iso_cell(struct sheet_job *j, struct span v)
{
	char text[32] = "";
	enum cell_kind k = value_iso(v, text, sizeof(text));
	slot_set(j, k, k == CELL_DATE || k == CELL_TIMED ? span_str(text) : SPAN_EMPTY);
}

static enum err cell_done(struct sheet_job *j)
{
	struct span v = buf_span(&j->value);
	if (buf_err(&j->value) != ERR_OK)
		return ERR(NOMEM, "cell");
	if (j->has_formula)
		slot_set(j, CELL_FORMULA, SPAN_EMPTY);
	else if (j->is_long)
		slot_set(j, CELL_LONG, SPAN_EMPTY);
	else if (v.len == 0)
		slot_set(j, CELL_EMPTY, SPAN_EMPTY);
	else if (strcmp(j->type, "s") == 0)
		return shared_cell(j, v);
	else if (strcmp(j->type, "inlineStr") == 0 || strcmp(j->type, "str") == 0)
		slot_set(j, CELL_TEXT, span_of(v.ptr, value_unescape(j->value.ptr, v.len)));
	else if (strcmp(j->type, "b") == 0)
		slot_set(j, CELL_BOOL, v);
	else if (strcmp(j->type, "d") == 0)
		iso_cell(j, v);
	else if (strcmp(j->type, "n") == 0)
		number_cell(j, v);
	else
		slot_set(j, CELL_ERROR, SPAN_EMPTY);
	return ERR_OK;
}

/* --- rows --- */

static void mark_merged(struct sheet_job *j, unsigned n)
{
	for (size_t i = 0; i < j->merged->n; i++) {
		const struct range *r = &j->merged->v[i];
		if (j->row < r->row1 || j->row > r->row2)
			continue;
		for (unsigned c = r->col1; c <= r->col2 && c < n; c++)
			j->slots[c] = (struct slot){CELL_MERGED, 0, 0};
	}
}

static void fill_cells(struct sheet_job *j, unsigned n)
{
	for (unsigned c = 0; c < n; c++)
		j->cells[c] =
			(struct cell){j->slots[c].kind, span_sub(buf_span(&j->text), j->slots[c].at, j->slots[c].len)};
}

static enum err head_done(struct sheet_job *j)
{
	unsigned n = j->b->limits->cols;
	while (n > 0 && j->slots[n - 1].kind == CELL_EMPTY)
		n--;
	mark_merged(j, n);
	for (unsigned c = 0; c < n; c++)
		if (j->slots[c].kind != CELL_TEXT && j->slots[c].kind != CELL_EMPTY)
			return ERR(XLSX_HEAD, "row %lld column %u is %s, not a heading", (long long)j->row, c + 1,
			           cell_kind_name(j->slots[c].kind));
	fill_cells(j, n);
	j->n_head = n;
	return j->sink->head(j->sink->ctx, j->row, j->cells, n);
}

static enum err row_done(struct sheet_job *j)
{
	if (!j->has_content) {
		j->s->empty_rows++;
		return ERR_OK;
	}
	if (buf_err(&j->text) != ERR_OK)
		return ERR(NOMEM, "row");
	j->s->last_row = j->row;
	if (j->n_head == 0)
		return head_done(j);
	if (++j->s->rows > j->b->limits->rows)
		return ERR(XLSX_LIMIT, "more than %u rows", j->b->limits->rows);
	mark_merged(j, j->n_head);
	fill_cells(j, j->n_head);
	return j->sink->row(j->sink->ctx, j->row, j->cells, j->n_head);
}

static enum err row_start(struct sheet_job *j, const char **attrs)
{
	const char *r = xml_attr(attrs, "r");
	int64_t row = j->row + 1;
	if (r != NULL && !value_int(span_str(r), XLSX_ROW_LAST, &row))
		return ERR(XLSX_DAMAGED, "row without a number");
	if (j->in_row || row <= j->row || row > XLSX_ROW_LAST)
		return ERR(XLSX_DAMAGED, "row %lld out of order", (long long)row);
	j->row = row;
	j->next_col = 0;
	j->in_row = true;
	if (j->has_content || j->n_head == 0)
		memset(j->slots, 0, j->b->limits->cols * sizeof(*j->slots));
	j->has_content = false;
	buf_clear(&j->text);
	return ERR_OK;
}

static enum err cell_start(struct sheet_job *j, const char **attrs)
{
	const char *ref = xml_attr(attrs, "r"), *type = xml_attr(attrs, "t"), *style = xml_attr(attrs, "s");
	int64_t row = j->row;
	unsigned col = j->next_col;
	if (!j->in_row || j->in_cell || (ref != NULL && !value_ref(span_str(ref), &row, &col)) || row != j->row ||
	    col < j->next_col)
		return ERR(XLSX_DAMAGED, "cell out of order in row %lld", (long long)j->row);
	j->next_col = col + 1;
	if (col >= j->b->limits->cols && j->n_head == 0)
		return ERR(XLSX_LIMIT, "more than %u columns", j->b->limits->cols);
	/* Right of the heading nothing is read: people keep notes there. */
	j->in_cell = j->n_head == 0 || col < j->n_head;
	j->col = col;
	j->style = -1;
	if (style != NULL)
		(void)value_int(span_str(style), INT32_MAX, &j->style);
	j->has_formula = j->is_long = false;
	(void)memccpy(j->type, type != NULL ? type : "n", 0, sizeof(j->type) - 1);
	buf_clear(&j->value);
	return ERR_OK;
}

/* Style of the columns min to max (18.3.1.13); before the rows. */
static void col_start(struct sheet_job *j, const char **attrs)
{
	const char *min = xml_attr(attrs, "min"), *max = xml_attr(attrs, "max"), *style = xml_attr(attrs, "style");
	int64_t from = 0, to = 0, v = -1;
	if (min == NULL || max == NULL || style == NULL || !value_int(span_str(min), XLSX_COL_LAST, &from) ||
	    !value_int(span_str(max), XLSX_COL_LAST, &to) || !value_int(span_str(style), INT32_MAX, &v) || from == 0)
		return;
	for (int64_t c = from; c <= to && c <= (int64_t)j->b->limits->cols; c++)
		j->col_style[c - 1] = v;
}

/* --- second reading --- */

static enum err sheet_start(void *ctx, const char *name, const char **attrs)
{
	struct sheet_job *j = ctx;
	if (strcmp(name, "row") == 0)
		return row_start(j, attrs);
	if (strcmp(name, "c") == 0)
		return cell_start(j, attrs);
	if (strcmp(name, "col") == 0)
		col_start(j, attrs);
	if (strcmp(name, "f") == 0)
		j->has_formula = true;
	j->phonetic += strcmp(name, "rPh") == 0;
	j->in_value = j->in_cell && (strcmp(name, "v") == 0 || (strcmp(name, "t") == 0 && j->phonetic == 0));
	return ERR_OK;
}

static enum err sheet_end(void *ctx, const char *name)
{
	struct sheet_job *j = ctx;
	bool cell = strcmp(name, "c") == 0 && j->in_cell, row = strcmp(name, "row") == 0 && j->in_row;
	j->in_value = false;
	j->phonetic -= strcmp(name, "rPh") == 0;
	if (cell) {
		j->in_cell = false;
		return cell_done(j);
	}
	if (!row)
		return ERR_OK;
	j->in_row = false;
	return row_done(j);
}

static enum err sheet_text(void *ctx, struct span s)
{
	struct sheet_job *j = ctx;
	if (!j->in_value || j->is_long)
		return ERR_OK;
	if (j->value.len + s.len > j->b->limits->cell_bytes)
		j->is_long = true;
	else
		buf_put(&j->value, s);
	return ERR_OK;
}

static enum err read_twice(struct sheet_job *j, struct ranges *merged)
{
	const struct xml_reader first = {merge_start, NULL, NULL, merged};
	const struct xml_reader second = {sheet_start, sheet_end, sheet_text, j};
	struct book *b = j->b;
	TRY(package_read(b->package, b->sheet_part, &first));
	TRY(package_read(b->package, b->sheet_part, &second));
	return j->n_head > 0 ? ERR_OK : ERR(XLSX_HEAD, "the first sheet is empty");
}

enum err sheet_read(struct book *b, const struct xlsx_sink *sink, struct xlsx_summary *s)
{
	unsigned cols = b->limits->cols;
	struct ranges *merged = calloc(1, sizeof(*merged));
	struct sheet_job j = {.b = b,
	                      .sink = sink,
	                      .s = s,
	                      .merged = merged,
	                      .value = buf_make(b->limits->cell_bytes),
	                      .text = buf_make((size_t)cols * b->limits->cell_bytes),
	                      .slots = calloc(cols, sizeof(*j.slots)),
	                      .cells = calloc(cols, sizeof(*j.cells)),
	                      .col_style = calloc(cols, sizeof(*j.col_style))};
	for (unsigned c = 0; c < cols && j.col_style != NULL; c++)
		j.col_style[c] = -1;
	enum err e = merged != NULL && j.slots != NULL && j.cells != NULL && j.col_style != NULL
	                     ? read_twice(&j, merged)
	                     : ERR(NOMEM, "sheet");
	buf_done(&j.value);
	buf_done(&j.text);
	free(j.slots);
	free(j.cells);
	free(j.col_style);
	free(merged);
	return e;
}
