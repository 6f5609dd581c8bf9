#include "server/cert/cert_service.h"
#include "base/file.h"
#include "base/text.h"
#include "server/filing/filing_i.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "T01.json" /* also in the messages of cert_service_bind.c */

/* --- form: JSON of the engine, struct of the desk --- */

static void copy(char *ret, size_t cap, const char *s)
{
	(void)snprintf(ret, cap, "%s", s);
}

static int64_t day_of(const json_t *form, const char *name)
{
	const char *s = json_str_or(form, name, "");
	int64_t t = 0;
	if (s[0] != 0 && text_date(span_str(s), &t) != ERR_OK) {
		err_clear();
		t = 0;
	}
	return t;
}

/* Values that are faults may be cut here: they go nowhere. */
static void form_read(const json_t *form, struct case_form *f)
{
	int64_t years = 0;
	*f = (struct case_form){.letter_from = day_of(form, "letter_from"), .letter_to = day_of(form, "letter_to")};
	copy(f->profile, sizeof(f->profile), json_str_or(form, "profile", ""));
	copy(f->unit_no, sizeof(f->unit_no), json_str_or(form, "unit_no", ""));
	copy(f->uscc, sizeof(f->uscc), json_str_or(form, "uscc", ""));
	copy(f->holder, sizeof(f->holder), json_str_or(form, "holder", ""));
	copy(f->id_number, sizeof(f->id_number), json_str_or(form, "id_number", ""));
	copy(f->mobile, sizeof(f->mobile), json_str_or(form, "mobile", ""));
	copy(f->letter_no, sizeof(f->letter_no), json_str_or(form, "letter_no", ""));
	if (text_i64(span_str(json_str_or(form, "years", "")), 1, 100, &years) != ERR_OK)
		err_clear();
	f->days = (int)years * CASE_YEAR_DAYS;
}

static enum err put_day(json_t *form, const char *name, int64_t t)
{
	AUTO_BUF(text, 32);
	if (t == 0)
		return ERR_OK;
	text_date_cn(&text, t);
	return json_put_str(form, name, buf_span(&text));
}

static enum err put_all(json_t *form, const struct case_new *in)
{
	char years[24];
	const struct {
		const char *name, *value;
	} all[] = {{"profile", in->profile},    {"unit_no", in->unit_no},     {"uscc", in->uscc},
	           {"holder", in->holder},      {"id_number", in->id_number}, {"mobile", in->mobile},
	           {"letter_no", in->letter_no}};
	for (size_t i = 0; i < COUNT_OF(all); i++)
		TRY(json_put_str(form, all[i].name, span_str(all[i].value)));
	/* Not kept: the number tells it. */
	if (in->id_number[0] != 0)
		TRY(json_put_str(form, "id_type", span_str(ident_document_code(ident_document_of(in->id_number)))));
	TRY(put_day(form, "letter_from", in->letter_from));
	TRY(put_day(form, "letter_to", in->letter_to));
	/* A part of a year is not in the list, and the check says so. */
	(void)snprintf(years, sizeof(years), "%d%s", in->days / CASE_YEAR_DAYS,
	               in->days % CASE_YEAR_DAYS == 0 ? "" : "+");
	return json_put_str(form, "years", span_str(years));
}

static enum err form_make(const struct case_new *in, json_t **ret_form)
{
	AUTO_JSON form = json_object();
	if (form == NULL)
		return ERR(NOMEM, "form");
	TRY(put_all(form, in));
	*ret_form = STEAL(form);
	return ERR_OK;
}

struct case_new cert_service_new(const struct case_form *f)
{
	return (struct case_new){.profile = f->profile,
	                         .unit_no = f->unit_no,
	                         .uscc = f->uscc,
	                         .holder = f->holder,
	                         .id_number = f->id_number,
	                         .mobile = f->mobile,
	                         .letter_no = f->letter_no,
	                         .letter_from = f->letter_from,
	                         .letter_to = f->letter_to,
	                         .days = f->days};
}

enum err cert_service_form(const struct cert_case *c, const struct person *p, json_t **ret_form)
{
	const struct case_new in = {.profile = c->profile,
	                            .unit_no = c->unit_no,
	                            .uscc = c->uscc,
	                            .holder = c->holder,
	                            .id_number = p->id_number,
	                            .mobile = p->mobile,
	                            .letter_no = c->letter_no,
	                            .letter_from = c->letter_from,
	                            .letter_to = c->letter_to,
	                            .days = c->days};
	return form_make(&in, ret_form);
}

/* --- preconditions: what server/cert says, as faults at their fields --- */

struct question {
	const struct desk *desk;
	struct case_form form;
	const char *id_type, *own_no; /* id_type "" where it was not asked for */
	int64_t now;
};

static enum err ask_unit(const struct question *q)
{
	struct unit u;
	return strcmp(q->form.profile, "person") == 0 ? ERR_OK : case_check_unit(q->desk, &q->form, &u);
}

static enum err ask_letter(const struct question *q)
{
	bool dated = q->form.letter_from != 0 && q->form.letter_to != 0 && strcmp(q->form.profile, "person") != 0;
	return dated ? case_check_letter(&q->form, q->now) : ERR_OK;
}

static enum err ask_person(const struct question *q)
{
	char no[PERSON_NO_LEN + 1], id[ID_NUMBER_LEN + 1];
	if (q->id_type[0] != 0 && ident_id_number(span_str(q->form.id_number), q->now, id) == ERR_OK)
		TRY(ident_document_check(q->id_type, id));
	err_clear();
	return q->form.id_number[0] != 0 ? case_check_person(q->desk, &q->form, no) : ERR_OK;
}

/* Of a subject that cannot be found nothing can be said: the fault that hides it is reported by its own check. */
static enum err ask_subject(const struct question *q, bool holder)
{
	enum err e = ask_unit(q);
	if (e == ERR_OK)
		e = ask_person(q);
	if (e != ERR_OK && err_class(e) != ERR_CLASS_RESOURCE && err_class(e) != ERR_CLASS_BUG) {
		err_clear();
		return ERR_OK;
	}
	TRY(e);
	return holder ? case_check_holder(q->desk, &q->form, q->now) : case_check_running(q->desk, &q->form, q->own_no);
}

static enum err ask_holder(const struct question *q)
{
	return ask_subject(q, true);
}

static enum err ask_running(const struct question *q)
{
	return ask_subject(q, false);
}

static const char *field_of(enum err e, const char *otherwise)
{
	switch (e) {
	case ERR_UNIT_ABSENT:
	case ERR_FIELD_MISSING:
	case ERR_L_FROZEN:
		return "unit_no";
	case ERR_UNIT_MISMATCH:
		return otherwise;
	case ERR_LETTER:
		return "letter_no";
	case ERR_ID_RESIDENT:
	case ERR_ID_HKMO:
	case ERR_ID_TAIWAN:
	case ERR_ID_FOREIGN:
		return "id_type";
	default:
		return "holder";
	}
}

static enum err report(enum err e, const char *otherwise, struct fault_sink *faults)
{
	enum err_class k = err_class(e);
	if (e == ERR_OK || k == ERR_CLASS_RESOURCE || k == ERR_CLASS_BUG || e == ERR_CONFIG)
		return e;
	err_clear();
	struct fault f = {0, field_of(e, otherwise), err_code(e), err_zh(e), err_remedy(e)};
	if (e == ERR_FIELD_MISSING) {
		f.text = "单位编号和统一社会信用代码都没有填写";
		f.remedy = "请填写单位编号或统一社会信用代码";
	} else if (e == ERR_UNIT_MISMATCH && strcmp(otherwise, "holder") == 0) {
		f.text = "该证件号码已登记在另一个姓名下";
		f.remedy = "请核对证件原件上的姓名和号码";
	}
	return fault_put(faults, &f);
}

static const struct {
	const char *name, *other_field;
	enum err (*ask)(const struct question *q);
} asked[] = {
	{"cert-unit", "uscc", ask_unit},         {"cert-letter", "letter_no", ask_letter},
	{"cert-person", "holder", ask_person},   {"cert-holder", "holder", ask_holder},
	{"cert-running", "holder", ask_running},
};

static enum err precondition(size_t which, void *ctx, const struct filing_view *v, struct fault_sink *faults)
{
	const struct cert_service *s = ctx;
	struct question q = {.desk = s->desk, .own_no = v->filing->no, .now = v->now};
	q.id_type = json_str_or(json_object_get(v->content, "form"), "id_type", "");
	form_read(json_object_get(v->content, "form"), &q.form);
	return report(asked[which].ask(&q), asked[which].other_field, faults);
}

#define PRECONDITION(n)                                                                                     \
	static enum err precondition_##n(void *ctx, const struct filing_view *v, struct fault_sink *faults) \
	{                                                                                                   \
		return precondition(n, ctx, v, faults);                                                     \
	}
PRECONDITION(0)
PRECONDITION(1)
PRECONDITION(2)
PRECONDITION(3)
PRECONDITION(4)

static const struct service_work works[] = {{"issue", case_issue}, {NULL, NULL}};

void cert_service_init(struct cert_service *s, const struct desk *desk)
{
	static enum err (*const checks[])(void *ctx, const struct filing_view *v,
	                                  struct fault_sink *faults) = {precondition_0, precondition_1, precondition_2,
	                                                                precondition_3, precondition_4};
	*s = (struct cert_service){.desk = desk};
	for (size_t i = 0; i < COUNT_OF(asked); i++)
		s->preconditions[i] = (struct service_precondition){asked[i].name, checks[i], s};
	s->registry.preconditions = s->preconditions;
	s->registry.works = works;
}

/* --- checking a form --- */

static enum err check(const struct cert_service *s, const char *own_no, const json_t *taken, int64_t now, fault_fn *fn,
                      void *ctx, size_t *ret_count)
{
	AUTO_JSON content = NULL;
	struct fault_sink sink = {fn, ctx, 0};
	struct filing none = {0};
	TRY(content_new(&content));
	TRY(json_put(content, "form", json_deep_copy(taken)));
	copy(none.no, sizeof(none.no), own_no);
	const struct filing_view v = {&none, s->service, content, now};
	TRY(filing_faults(&v, &sink));
	*ret_count = sink.count;
	return ERR_OK;
}

enum err cert_service_take(const struct cert_service *s, const char *own_no, const json_t *form, int64_t now,
                           fault_fn *fn, void *ctx, size_t *ret_count, struct case_form *ret_form)
{
	AUTO_JSON taken = NULL;
	size_t count = 0;
	TRY(content_take(&s->service->fields, form, now, &taken));
	TRY(check(s, own_no, taken, now, fn, ctx, &count));
	form_read(taken, ret_form);
	*ret_count = count;
	return ERR_OK;
}

enum err cert_service_folded(const struct cert_service *s, const json_t *form, int64_t now, json_t **ret_form)
{
	return content_take(&s->service->fields, form, now, ret_form);
}

enum err cert_service_err(const struct cert_service *s, const json_t *form, const struct fault *f, int64_t now)
{
	static const struct {
		const char *code;
		enum err e;
	} own[] = {{"E-20", ERR_FIELD_MISSING}, {"E-21", ERR_ID_NUMBER}, {"E-22", ERR_USCC},
	           {"E-24", ERR_LIMIT},         {"E-26", ERR_LINE_TEXT}, {"E-28", ERR_LIMIT},
	           {"E-32", ERR_PRIVATE_USE},   {"E-33", ERR_UNSURE}};
	char text[SERVICE_VALUE_MAX + 1];
	const struct service_field *field = service_field_find(&s->service->fields, f->field);
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (strcmp(own[i].code, f->code) == 0)
			return own[i].e;
	enum err e = err_from_code(f->code);
	if (e != ERR_INTERNAL)
		return e;
	bool judged = strcmp(f->code, "E-23") == 0 && field != NULL && field->validator != NULL;
	e = judged ? field->validator->check(span_str(json_str_or(form, f->field, "")), now, text, sizeof(text))
	           : ERR_OK;
	err_clear();
	return e != ERR_OK ? e : ERR_FIELD_VALUE;
}

/* --- the desk's rules --- */

struct first {
	const struct cert_service *s;
	const json_t *form;
	int64_t now;
	enum err e;
	char detail[80];
};

static enum err keep_first(const struct fault *f, void *ctx)
{
	struct first *w = ctx;
	if (w->e == ERR_OK) {
		w->e = cert_service_err(w->s, w->form, f, w->now);
		(void)snprintf(w->detail, sizeof(w->detail), "%.40s: %.20s", f->field, f->code);
	}
	return ERR_OK;
}

static enum err rules_take(void *ctx, const char *own_no, const struct case_new *in, int64_t now,
                           struct case_form *ret_f)
{
	const struct cert_service *s = ctx;
	AUTO_JSON form = NULL;
	struct case_form f;
	size_t count = 0;
	TRY(form_make(in, &form));
	struct first w = {s, form, now, ERR_OK, ""};
	TRY(cert_service_take(s, own_no, form, now, keep_first, &w, &count, &f));
	if (count > 0)
		return err_raise(w.e, __FILE__, __LINE__, "%s, %zu faults", w.detail, count);
	*ret_f = f;
	return ERR_OK;
}

static int64_t rules_work_end(void *ctx, int64_t from, int days)
{
	const struct cert_service *s = ctx;
	return terms_work_end(&s->terms, from, days);
}

static int64_t rules_term_end(void *ctx, int64_t from, int days)
{
	const struct cert_service *s = ctx;
	return terms_end(&s->terms, from, days);
}

static bool rules_sure(void *ctx, int64_t from, int64_t to)
{
	const struct cert_service *s = ctx;
	return terms_sure(&s->terms, from, to);
}

/* --- binding --- */

static void rules_fill(struct cert_service *s)
{
	const struct service *t = s->service;
	s->rules = (struct case_rules){.promise_days = t->promise_days,
	                               .return_days = t->return_days,
	                               .draft_days = t->draft_days,
	                               .take = rules_take,
	                               .work_end = rules_work_end,
	                               .term_end = rules_term_end,
	                               .sure = rules_sure,
	                               .ctx = s};
	for (size_t i = 0; i < CASE_STEPS; i++) {
		const struct service_step *x = &t->steps[i];
		s->rules.steps[i] =
			(struct case_step_rule){x->name, x->label, x->hint, x->role, x->statement, x->days, x->work};
	}
}

enum err cert_service_bind(struct cert_service *s, const struct services *all, const struct terms *terms)
{
	const struct service *t = services_find(all, "T01");
	if (t == NULL)
		return ERR(CONFIG, FILE_NAME ": missing: the certificate desk works by it");
	TRY(cert_service_compare(s, t));
	s->service = t;
	s->terms = *terms;
	rules_fill(s);
	return ERR_OK;
}

enum err cert_service_open(struct cert_service *s, const char *dir, const struct desk *desk, const struct terms *terms,
                           struct services **ret_all)
{
	char path[4096];
	AUTO(services) all = NULL;
	AUTO_BUF(text, SERVICE_FILE_MAX);
	if ((size_t)snprintf(path, sizeof(path), "%s/" FILE_NAME, dir) >= sizeof(path))
		return ERR(CONFIG, "services: path is too long");
	TRY(file_read(path, &text));
	cert_service_init(s, desk);
	TRY(services_parse(FILE_NAME, buf_span(&text), &s->registry, &all));
	TRY(cert_service_bind(s, all, terms));
	*ret_all = STEAL(all);
	return ERR_OK;
}

enum err cert_service_of(const struct desk *d, const struct cert_service **ret_s)
{
	const struct case_rules *r;
	TRY(case_rules_of(d, &r));
	*ret_s = r->ctx;
	return ERR_OK;
}
