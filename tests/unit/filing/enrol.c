#include "enrol.h"
#include "server/business/b03_effect.h"
#include "server/business/b03_look.h"
#include "server/business/effect.h"
#include "server/insurance/month_run.h"

void enrol(struct world *w, const struct tables *t, const char *id, const char *name, const char *const *ins, int month)
{
	AUTO(b03_effect) e = NULL;
	AUTO(change) c = NULL;
	struct b03_faults f = {.n = 0};
	bool same;
	struct b03 row = {.id_type = "01",
	                  .gender = "1",
	                  .ethnic = "01",
	                  .enrol_type = "A",
	                  .start_month = month,
	                  .hire_date = month_first(month),
	                  .contract_type = "2",
	                  .employ_form = "01",
	                  .wage_fen = 800000,
	                  .base_fen = 800000};
	(void)snprintf(row.name, sizeof(row.name), "%s", name);
	(void)snprintf(row.id_number, sizeof(row.id_number), "%s", id);
	(void)snprintf(row.mobile, sizeof(row.mobile), "13000000004");
	for (size_t i = 0; ins[i] != NULL; i++)
		row.ins |= 1u << tables_ins(t, ins[i]);
	struct register_look look;
	struct b03_person p;
	register_look_init(&look, &w->o.desk, t, NULL);
	OK(look.look.person(look.look.ctx, "10000016", id, &p));
	(void)snprintf(row.person_no, sizeof(row.person_no), "%s", p.person_no);
	const struct change_scope scope = {.unit_no = "10000016",
	                                   .filing_no = "430100B0320261122001",
	                                   .persons = &(const char *){row.person_no},
	                                   .n_persons = row.person_no[0] != 0,
	                                   .registers = registers_all};
	OK(change_new(&w->o.desk, &scope, &c));
	OK(b03_effect_new(&w->o.desk, t, "10000016", STEAL(c), &e));
	OK(b03_effect_row(e, &row, &same, &f));
	c = b03_effect_take(e);
	OK(change_prepare(c));
	OK(store_write(w->o.store, effect_apply, c));
}
