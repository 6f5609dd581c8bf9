/* The code lists of share/tables for definitions, which refer to them as "@ethnic": those of codes.json under their own
 * names, and "@insurance", the insurances that are open here by their brief names. A row that is no longer in force
 * stays in the list: what was once filed keeps its words. */
#pragma once
#include "server/form/service.h"
#include "server/insurance/tables.h"

struct lists;
enum err lists_new(const struct tables *t, struct lists **ret_l) MUST_CHECK; /* borrows t */
void lists_free(struct lists *l);
DEFINE_AUTO(lists)
/* With nothing but lists; the caller puts it into a chain by its `next`. Lives as long as l. */
struct service_registry *lists_registry(struct lists *l);
