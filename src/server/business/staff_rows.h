/* A business of business.h for the engine: its precondition and its effect, both by the business's name, and what its
 * rows decide at submission (struct service_verdict). */
#pragma once
#include "server/business/business.h"
#include "server/filing/filing.h"

struct staff_business { /* the ctx of both */
	const struct business *is;
	const struct desk *desk;
	const struct tables *tables;
};
enum err staff_precondition(void *ctx, const struct filing_view *v, struct fault_sink *faults) MUST_CHECK;
/* The job is that of effect.h. ERR_CONFLICT: a row no longer passes. */
enum err staff_effect(void *ctx, const struct filing_view *v, void **ret_job) MUST_CHECK;

/* --- what definitions name --- */
enum { BUSINESSES_MAX = 20 };
struct businesses {
	struct staff_business v[BUSINESSES_MAX];
	struct service_precondition preconditions[BUSINESSES_MAX + 1];
	struct service_effect effects[BUSINESSES_MAX + 1];
	struct service_registry registry; /* for services_load() */
};
/* Borrows desk and tables; b must stay where it is as long as definitions loaded with its registry live. */
void businesses_init(struct businesses *b, const struct desk *desk, const struct tables *tables);
