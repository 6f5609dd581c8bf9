#include "server/business/lists.h"
#include <stdlib.h>
#include <string.h>

struct lists {
	struct service_code *codes; /* all lists one behind the other */
	struct service_list *v;     /* ends with a NULL name */
	size_t n;
	struct service_registry registry;
};

static struct service_list *find(struct lists *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

/* Codes of one list lie together, whatever the table's order. */
static size_t put_codes(struct lists *l, const struct tables *t, size_t used)
{
	for (size_t i = 0; i < t->n_codes; i++) {
		const struct code_row *first = &t->codes[i];
		if (find(l, first->list) != NULL)
			continue;
		struct service_list *list = &l->v[l->n++];
		*list = (struct service_list){first->list, l->codes + used, 0};
		for (size_t k = i; k < t->n_codes; k++)
			if (strcmp(t->codes[k].list, first->list) == 0)
				list->v[list->n++] = (struct service_code){t->codes[k].code, t->codes[k].zh,
				                                           t->codes[k].from, t->codes[k].to};
		used += list->n;
	}
	return used;
}

static void put_insurances(struct lists *l, const struct tables *t, size_t used)
{
	struct service_list *list = &l->v[l->n++];
	*list = (struct service_list){"insurance", l->codes + used, 0};
	for (size_t i = 0; i < t->n_ins; i++)
		if (t->ins[i].enabled)
			list->v[list->n++] = (struct service_code){.code = t->ins[i].code,
			                                           .text = t->ins[i].brief,
			                                           .full = t->ins[i].zh};
}

enum err lists_new(const struct tables *t, struct lists **ret_l)
{
	AUTO(lists) l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ERR(NOMEM, "lists");
	l->codes = calloc(t->n_codes + t->n_ins + 1, sizeof(*l->codes));
	l->v = calloc(t->n_codes + 2, sizeof(*l->v));
	if (l->codes == NULL || l->v == NULL)
		return ERR(NOMEM, "lists");
	put_insurances(l, t, put_codes(l, t, 0));
	l->registry.lists = l->v;
	*ret_l = STEAL(l);
	return ERR_OK;
}

void lists_free(struct lists *l)
{
	if (l == NULL)
		return;
	free(l->codes);
	free(l->v);
	free(l);
}

struct service_registry *lists_registry(struct lists *l)
{
	return &l->registry;
}
