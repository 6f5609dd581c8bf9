#include "server/form/field.h"
#include "base/text.h"
#include "base/typed.h"
#include "server/form/valid.h"
#include <string.h>

/* As it is typed: separators and full-width forms make a date or a number longer than it is. */
enum { TYPED_MAX = 80, PERSON_TYPED_MAX = 150 /* a name is typed, a number is kept */ };

/* --- typed values --- */

static bool parse_text(const struct service_field *f, struct span text, struct field_value *ret_v)
{
	(void)f, (void)text, (void)ret_v;
	return true;
}

static bool parse_code(const struct service_field *f, struct span text, struct field_value *ret_v)
{
	for (size_t i = 0; i < f->list->n; i++)
		if (span_eq_str(text, f->list->v[i].code)) {
			ret_v->code = &f->list->v[i];
			return true;
		}
	return false;
}

static bool parse_codes(const struct service_field *f, struct span text, struct field_value *ret_v)
{
	return field_codes(f->list, text, &ret_v->codes);
}

static bool parse_date(const struct service_field *f, struct span text, struct field_value *ret_v)
{
	(void)f;
	return typed_day(text, &ret_v->day) == ERR_OK;
}

static bool parse_month(const struct service_field *f, struct span text, struct field_value *ret_v)
{
	(void)f;
	return typed_month(text, &ret_v->month) == ERR_OK;
}

static bool parse_money(const struct service_field *f, struct span text, struct field_value *ret_v)
{
	(void)f;
	return valid_fen(text, &ret_v->number) == ERR_OK;
}

static bool parse_datetime(const struct service_field *f, struct span text, struct field_value *ret_v)
{
	(void)f;
	return valid_moment(text, &ret_v->time) == ERR_OK;
}

static bool parse_int(const struct service_field *f, struct span text, struct field_value *ret_v)
{
	(void)f;
	return text_i64(text, INT64_MIN, INT64_MAX, &ret_v->number) == ERR_OK;
}

/* --- the table --- */

static const struct field_kind kinds[] = {
	/* name, type, validator, listed, ranged, timed, typed_max, parse */
	{"text", FIELD_TEXT, "text", false, false, false, 0, parse_text},
	{"code", FIELD_CODE, "", true, false, false, 0, parse_code},
	{"codes", FIELD_CODES, "", true, false, false, 0, parse_codes},
	{"date", FIELD_DATE, "date", false, false, true, TYPED_MAX, parse_date},
	{"month", FIELD_MONTH, "month", false, false, true, TYPED_MAX, parse_month},
	{"money", FIELD_MONEY, "money", false, true, false, TYPED_MAX, parse_money},
	{"int", FIELD_INT, "int", false, true, false, TYPED_MAX, parse_int},
	{"datetime", FIELD_DATETIME, "datetime", false, false, true, TYPED_MAX, parse_datetime},
	{"long-text", FIELD_LONG_TEXT, "long", false, false, false, SERVICE_VALUE_MAX, parse_text},
	{"person", FIELD_PERSON, "person_no", false, false, false, PERSON_TYPED_MAX, parse_text},
};

const struct field_kind *field_kind(enum field_type t)
{
	size_t i = 0;
	while (kinds[i].type != t)
		i++;
	return &kinds[i];
}

const struct field_kind *field_kind_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* --- sets of codes --- */

bool field_codes(const struct service_list *l, struct span text, uint64_t *ret_bits)
{
	struct span rest = text, part;
	uint64_t bits = 0;
	for (bool more = true; more;) {
		more = span_take_until(&rest, ',', &part);
		part = span_trim(more ? part : rest, " \t");
		size_t i = 0;
		while (i < l->n && !span_eq_str(part, l->v[i].code))
			i++;
		if (i == l->n || i >= SERVICE_CODES_SET_MAX || (bits & UINT64_C(1) << i) != 0)
			return false;
		bits |= UINT64_C(1) << i;
	}
	*ret_bits = bits;
	return true;
}

enum err field_codes_put(const struct service_list *l, uint64_t bits, struct buf *out)
{
	bool first = true;
	for (size_t i = 0; i < l->n && i < SERVICE_CODES_SET_MAX; i++)
		if (bits & UINT64_C(1) << i) {
			buf_printf(out, "%s%s", first ? "" : ",", l->v[i].code);
			first = false;
		}
	return buf_err(out);
}

/* --- reading --- */

/* 20261122 of "2026-11-22". */
static int date_number(struct span date)
{
	int n = 0;
	for (size_t i = 0; i < date.len; i++)
		if (date.ptr[i] != '-')
			n = n * 10 + (date.ptr[i] - '0');
	return n;
}

/* A code that the law ended, or has not begun, is not there for who files now. */
static bool in_force(const struct service_code *c, int64_t now)
{
	AUTO_BUF(text, 16);
	if (c->from == 0 && c->to == 0)
		return true;
	text_date_cn(&text, now);
	int month = date_number(buf_span(&text)) / 100;
	return (c->from == 0 || month >= c->from) && (c->to == 0 || month <= c->to);
}

static bool codes_in_force(const struct service_field *f, const struct field_value *v, int64_t now)
{
	if (f->type == FIELD_CODE)
		return in_force(v->code, now);
	for (size_t i = 0; f->type == FIELD_CODES && i < f->list->n; i++)
		if ((v->codes & UINT64_C(1) << i) != 0 && !in_force(&f->list->v[i], now))
			return false;
	return true;
}

static enum err put_why(enum err e, enum field_state state, struct field_value *v)
{
	if (err_class(e) == ERR_CLASS_RESOURCE)
		return e;
	err_clear();
	v->state = state;
	v->why = e;
	return ERR_OK;
}

/* As stored is as the validator gives it, or an older version took it. */
static enum err read_valid(const struct service_field *f, int64_t now, struct field_value *v)
{
	char text[SERVICE_VALUE_MAX + 1];
	if (f->validator->folds == FOLD_NAME && text_is_stacked(v->text)) {
		v->state = FIELD_STACKED;
		return ERR_OK;
	}
	enum err e = f->validator->check(v->text, now, text, sizeof(text));
	if (e != ERR_OK)
		return put_why(e, FIELD_REFUSED, v);
	if (!span_eq_str(v->text, text))
		v->state = FIELD_UNFOLDED;
	return ERR_OK;
}

enum err field_chars_check(const struct service_field *f, struct span text)
{
	struct span line;
	while (f->type == FIELD_LONG_TEXT && span_take_until(&text, '\n', &line))
		TRY(text_line_check(line));
	return text_line_check(text);
}

enum err field_read(const struct service_field *f, struct span text, int64_t now, struct field_value *ret_v)
{
	const struct field_kind *kind = field_kind(f->type);
	struct field_value v = {.state = text.len > 0 ? FIELD_GOOD : FIELD_EMPTY, .text = text};
	if (text.len > f->max_len || (f->max_chars > 0 && text_chars(text) > f->max_chars))
		v.state = FIELD_LONG;
	if (v.state == FIELD_GOOD) {
		enum err e = text_has_private(text) ? ERR(PRIVATE_USE, "%s", f->name) : field_chars_check(f, text);
		if (e != ERR_OK)
			TRY(put_why(e, FIELD_CHARS, &v));
	}
	if (v.state == FIELD_GOOD && !kind->listed)
		TRY(read_valid(f, now, &v));
	if (v.state == FIELD_GOOD && !kind->parse(f, text, &v)) {
		err_clear();
		v.state = kind->listed ? FIELD_UNLISTED : FIELD_RANGE;
	}
	if (v.state == FIELD_GOOD && kind->listed && !codes_in_force(f, &v, now))
		v.state = FIELD_UNLISTED;
	if (v.state == FIELD_GOOD && kind->ranged && (v.number < f->min || v.number > f->max))
		v.state = FIELD_RANGE;
	*ret_v = v;
	return ERR_OK;
}

/* The digits of a moment as a number, and how many there are: 202611, 20261122, 202611220930. */
static int64_t moment_number(struct span text, int *ret_digits)
{
	int64_t n = 0;
	*ret_digits = 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9') {
			n = n * 10 + (text.ptr[i] - '0');
			++*ret_digits;
		}
	return n;
}

int field_order(const struct service_field *fa, const struct field_value *a, const struct service_field *fb,
                const struct field_value *b)
{
	int nx = 0, ny = 0;
	int64_t x = moment_number(a->text, &nx), y = moment_number(b->text, &ny);
	(void)fa, (void)fb;
	for (; nx > ny; nx--)
		x /= 10;
	for (; ny > nx; ny--)
		y /= 10;
	return (x > y) - (x < y);
}
