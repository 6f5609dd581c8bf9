#include "server/insurance/tables_i.h"
#include "base/file.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *side_name(enum side s)
{
	return s == SIDE_UNIT ? "unit" : "person";
}

static bool in_force(int from, int to, int month)
{
	return month >= from && (to == 0 || month <= to);
}

static bool overlap(int from_a, int to_a, int from_b, int to_b)
{
	return (to_b == 0 || from_a <= to_b) && (to_a == 0 || from_b <= to_a);
}

/* --- insurances.json --- */

static enum err add_insurance(struct tables *t, const struct table_row *r)
{
	static const char *const keys[] = {"code",     "zh",    "brief",    "owner",       "collection", "enabled",
	                                   "standard", "bound", "by_class", "person_pays", NULL};
	static const char *const owners[] = {"HRSS", "YBJ", NULL}, *const modes[] = {"AGENCY", "TAX", NULL};
	struct insurance v = {0};
	int choice = 0;
	if (t->n_ins == INS_MAX)
		return row_fault(r, "more than %d insurances", INS_MAX);
	TRY(row_keys(r, keys));
	TRY(row_str(r, "code", v.code, sizeof(v.code)));
	TRY(row_str(r, "zh", v.zh, sizeof(v.zh)));
	TRY(row_str(r, "brief", v.brief, sizeof(v.brief)));
	TRY(row_choice(r, "owner", owners, &choice));
	(void)snprintf(v.owner, sizeof(v.owner), "%s", owners[choice]);
	TRY(row_choice(r, "collection", modes, &choice));
	(void)snprintf(v.collection, sizeof(v.collection), "%s", modes[choice]);
	TRY(row_flag(r, "enabled", &v.enabled));
	TRY(row_flag(r, "standard", &v.standard));
	TRY(row_flag(r, "bound", &v.bound));
	TRY(row_flag(r, "by_class", &v.by_class));
	TRY(row_flag(r, "person_pays", &v.person_pays));
	if (tables_ins(t, v.code) >= 0)
		return row_fault(r, "insurance %s stands here twice", v.code);
	if (strspn(v.code, "0123456789") != INS_CODE_LEN)
		return row_fault(r, "code \"%s\" is not three digits", v.code);
	t->ins[t->n_ins++] = v;
	return ERR_OK;
}

static enum err set_filing(struct tables *t, const struct table_row *r)
{
	static const char *const keys[] = {"open_day", "close_day",   "back_months", "register_days",
	                                   "due_day",  "decide_days", "report_days", "default_ppm",
	                                   "src",      "verify",      NULL};
	struct filing_rule *f = &t->filing;
	const struct {
		const char *name;
		int min, max, *to;
	} numbers[] = {{"open_day", 1, 28, &f->open_day},        {"close_day", 1, 31, &f->close_day},
	               {"back_months", 0, 600, &f->back_months}, {"register_days", 1, 365, &f->register_days},
	               {"report_days", 1, 365, &f->report_days}, {"due_day", 1, 31, &f->due_day},
	               {"decide_days", 0, 31, &f->decide_days}};
	TRY(row_keys(r, keys));
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		int64_t v = 0;
		TRY(row_num(r, numbers[i].name, numbers[i].min, numbers[i].max, &v));
		*numbers[i].to = (int)v;
	}
	TRY(row_num(r, "default_ppm", PPM, 2 * PPM, &t->default_ppm));
	if (t->filing.close_day < t->filing.open_day)
		return row_fault(r, "the window closes before it opens");
	return ERR_OK;
}

/* --- rates.json --- */

static enum err rate_fits(const struct tables *t, const struct table_row *r, const struct rate *v)
{
	const struct insurance *ins = &t->ins[v->ins];
	bool by_class = ins->by_class && v->side == SIDE_UNIT;
	if (by_class != (v->risk_class != 0))
		return row_fault(r, "insurance %s %s a risk class", ins->code, by_class ? "needs" : "has not");
	if (v->side == SIDE_PERSON && !ins->person_pays)
		return row_fault(r, "persons do not pay insurance %s", ins->code);
	for (size_t i = 0; i < t->n_rates; i++) {
		const struct rate *o = &t->rates[i];
		if (o->ins == v->ins && o->side == v->side && o->risk_class == v->risk_class &&
		    overlap(o->from, o->to, v->from, v->to))
			return row_fault(r, "overlaps row %zu of the same insurance, side and class", i + 1);
	}
	return ERR_OK;
}

static enum err add_rate(struct tables *t, const struct table_row *r)
{
	static const char *const keys[] = {"ins", "side", "class", "ppm", "from", "to", "src", "verify", NULL};
	static const char *const sides[] = {"unit", "person", NULL};
	struct rate v = {0};
	char code[8];
	int side = 0;
	int64_t class = 0;
	TRY(row_keys(r, keys));
	TRY(row_str(r, "ins", code, sizeof(code)));
	v.ins = tables_ins(t, code);
	if (v.ins < 0)
		return row_fault(r, "insurance \"%s\" is not in insurances.json", code);
	TRY(row_choice(r, "side", sides, &side));
	v.side = (enum side)side;
	if (json_object_get(r->row, "class") != NULL)
		TRY(row_num(r, "class", 1, RISK_CLASS_MAX, &class));
	v.risk_class = (int)class;
	TRY(row_num(r, "ppm", 0, PPM, &v.ppm));
	TRY(row_span(r, &v.from, &v.to));
	TRY(row_str(r, "src", v.src, sizeof(v.src)));
	TRY(row_flag(r, "verify", &v.verify));
	TRY(rate_fits(t, r, &v));
	TRY(table_room((void **)&t->rates, t->n_rates, sizeof(*t->rates)));
	t->rates[t->n_rates++] = v;
	return ERR_OK;
}

static enum err add_late(struct tables *t, const struct table_row *r)
{
	static const char *const keys[] = {"from", "ppm", "src", "verify", NULL};
	struct late_rate v = {0};
	TRY(row_keys(r, keys));
	TRY(row_day(r, "from", &v.from));
	TRY(row_num(r, "ppm", 0, PPM, &v.ppm));
	if (t->n_late > 0 && v.from <= t->late[t->n_late - 1].from)
		return row_fault(r, "rows must be in ascending order of \"from\"");
	TRY(table_room((void **)&t->late, t->n_late, sizeof(*t->late)));
	t->late[t->n_late++] = v;
	return ERR_OK;
}

/* --- bases.json --- */

static enum err add_base(struct tables *t, const struct table_row *r)
{
	static const char *const keys[] = {"from", "to", "floor_fen", "cap_fen", "min_wage_fen", "src", "verify", NULL};
	struct base_limit v = {0};
	TRY(row_keys(r, keys));
	TRY(row_span(r, &v.from, &v.to));
	TRY(row_num(r, "floor_fen", 0, MONEY_MAX, &v.floor_fen));
	TRY(row_num(r, "cap_fen", 1, MONEY_MAX, &v.cap_fen));
	TRY(row_num(r, "min_wage_fen", 0, MONEY_MAX, &v.min_wage_fen));
	TRY(row_str(r, "src", v.src, sizeof(v.src)));
	TRY(row_flag(r, "verify", &v.verify));
	if (v.cap_fen < v.floor_fen)
		return row_fault(r, "the cap lies below the floor");
	for (size_t i = 0; i < t->n_bases; i++)
		if (overlap(t->bases[i].from, t->bases[i].to, v.from, v.to))
			return row_fault(r, "overlaps row %zu", i + 1);
	TRY(table_room((void **)&t->bases, t->n_bases, sizeof(*t->bases)));
	t->bases[t->n_bases++] = v;
	return ERR_OK;
}

/* --- codes.json --- */

static enum err code_span(const struct table_row *r, struct code_row *v)
{
	bool dated = json_object_get(r->row, "from") != NULL || json_object_get(r->row, "to") != NULL;
	return dated ? row_span(r, &v->from, &v->to) : ERR_OK;
}

static enum err add_code(struct tables *t, const struct table_row *r)
{
	static const char *const keys[] = {"list", "code", "zh", "from", "to", "kind", "unemp", NULL};
	struct code_row v = {0};
	TRY(row_keys(r, keys));
	TRY(row_str(r, "list", v.list, sizeof(v.list)));
	TRY(row_str(r, "code", v.code, sizeof(v.code)));
	TRY(row_str(r, "zh", v.zh, sizeof(v.zh)));
	TRY(row_str_or(r, "kind", v.kind, sizeof(v.kind)));
	TRY(row_str_or(r, "unemp", v.unemp, sizeof(v.unemp)));
	TRY(code_span(r, &v));
	for (size_t i = 0; i < t->n_codes; i++) {
		const struct code_row *o = &t->codes[i];
		if (strcmp(o->list, v.list) == 0 && strcmp(o->code, v.code) == 0 &&
		    overlap(o->from, o->to, v.from, v.to))
			return row_fault(r, "code %s of list %s stands here twice", v.code, v.list);
	}
	TRY(table_room((void **)&t->codes, t->n_codes, sizeof(*t->codes)));
	t->codes[t->n_codes++] = v;
	return ERR_OK;
}

/* --- life --- */

struct part {
	const char *file, *array;
	table_fn *fn;
};
static const struct part parts[] = {
	{"insurances.json", "insurances", add_insurance},
	{"insurances.json", "filing", set_filing},
	{"rates.json", "rates", add_rate},
	{"rates.json", "late_fee", add_late},
	{"bases.json", "bases", add_base},
	{"codes.json", "codes", add_code},
	{"calendar.json", "years", calendar_year_add},
};

static enum err load_part(struct tables *t, const char *dir, const struct part *p)
{
	char path[512];
	AUTO_BUF(text, JSON_TEXT_MAX);
	AUTO_JSON root = NULL;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, p->file) >= sizeof(path))
		return ERR(LIMIT, "path of %s", p->file);
	TRY(file_read(path, &text));
	enum err e = json_parse(buf_span(&text), &root);
	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK) {
		char why[256];
		(void)snprintf(why, sizeof(why), "%s", err_detail());
		err_clear();
		return ERR(CONFIG, "%s: %s", p->file, why);
	}
	struct table_file f = {p->file, buf_span(&text), root};
	return table_each(t, &f, p->array, p->fn);
}

enum err tables_load(const char *dir, struct tables **ret_t)
{
	AUTO(tables) t = calloc(1, sizeof(*t));
	if (t == NULL)
		return ERR(NOMEM, "tables");
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		TRY(load_part(t, dir, &parts[i]));
	*ret_t = STEAL(t);
	return ERR_OK;
}

void tables_free(struct tables *t)
{
	if (t == NULL)
		return;
	free(t->rates);
	free(t->bases);
	free(t->late);
	free(t->codes);
	calendar_free(t->calendar);
	free(t);
}

/* --- read --- */

int tables_ins(const struct tables *t, const char *code)
{
	for (size_t i = 0; i < t->n_ins; i++)
		if (strcmp(t->ins[i].code, code) == 0)
			return (int)i;
	return -1;
}

unsigned tables_standard(const struct tables *t)
{
	unsigned mask = 0;
	for (size_t i = 0; i < t->n_ins; i++)
		mask |= t->ins[i].enabled && t->ins[i].standard ? 1u << i : 0;
	return mask;
}

unsigned tables_enabled(const struct tables *t)
{
	unsigned mask = 0;
	for (size_t i = 0; i < t->n_ins; i++)
		mask |= t->ins[i].enabled ? 1u << i : 0;
	return mask;
}

enum err tables_rate(const struct tables *t, int ins, enum side side, int risk_class, int month,
                     const struct rate **ret_r)
{
	INVARIANT(ins >= 0 && (size_t)ins < t->n_ins);
	int class = t->ins[ins].by_class && side == SIDE_UNIT ? risk_class : 0;
	for (size_t i = 0; i < t->n_rates; i++) {
		const struct rate *r = &t->rates[i];
		if (r->ins == ins && r->side == side && r->risk_class == class && in_force(r->from, r->to, month)) {
			*ret_r = r;
			return ERR_OK;
		}
	}
	return ERR(CONFIG, "rates.json has no rate of insurance %s, %s, class %d, for %d", t->ins[ins].code,
	           side_name(side), class, month);
}

enum err tables_base(const struct tables *t, int month, const struct base_limit **ret_b)
{
	for (size_t i = 0; i < t->n_bases; i++) {
		if (in_force(t->bases[i].from, t->bases[i].to, month)) {
			*ret_b = &t->bases[i];
			return ERR_OK;
		}
	}
	return ERR(CONFIG, "bases.json has no floor and cap for %d", month);
}

const struct code_row *tables_code(const struct tables *t, const char *list, const char *code, int month)
{
	for (size_t i = 0; i < t->n_codes; i++) {
		const struct code_row *c = &t->codes[i];
		if (strcmp(c->list, list) == 0 && strcmp(c->code, code) == 0 && in_force(c->from, c->to, month))
			return c;
	}
	return NULL;
}
