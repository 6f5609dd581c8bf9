#include "enrol.h"
#include "../insurance/b03_rows.h"
#include "server/business/effect.h"
#include "server/business/staff_look.h"

void enrol(struct world *w, const struct tables *t, const char *id, const char *name, const char *const *ins, int month)
{
	AUTO(change) c = NULL;
	struct b03 row = {.id_type = "01",
	                  .gender = "1",
	                  .ethnic = "01",
	                  .enrol_type = "A",
	                  .start_month = month,
	                  .hire_date = month_first(month),
	                  .contract_type = "2",
	                  .employ_form = "01",
	                  .wage_fen = 800000};
	(void)snprintf(row.name, sizeof(row.name), "%s", name);
	(void)snprintf(row.id_number, sizeof(row.id_number), "%s", id);
	(void)snprintf(row.mobile, sizeof(row.mobile), "13000000004");
	for (size_t i = 0; ins[i] != NULL; i++)
		row.ins |= 1u << tables_ins(t, ins[i]);
	struct staff_look look = {.desk = &w->o.desk, .tables = t, .unit_no = "10000016"};
	struct staff_person p;
	struct change_person *who;
	void *job = NULL;
	OK(staff_look_person(&look, id, &p));
	const struct change_scope scope = {.unit_no = "10000016",
	                                   .filing_no = "430100B0320261122001",
	                                   .persons = &(const char *){p.person_no},
	                                   .n_persons = p.person_no[0] != 0,
	                                   .registers = registers_all};
	OK(change_new(&w->o.desk, &scope, &c));
	who = change_person(c, p.person_no);
	if (who == NULL)
		OK(change_person_new(c, &who));
	const struct staff_wants wants = {&w->o.desk, t, "10000016", c, who};
	OK(business_b03.want(&wants, &p, &row));
	OK(effect_job_new(STEAL(c), &job));
	OK(store_write(w->o.store, effect_apply, job));
	effect_done(job);
}
