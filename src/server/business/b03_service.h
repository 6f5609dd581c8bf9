/* B03 职工首次参保及险种增加 for the engine: the precondition "b03" (every refusal of server/business/b03.h as a fault
 * of its row and field; its warnings do not stop a filing), the condition "b03-review2" (复审: back-dating, special
 * work) and the effect "b03" (person, employment and enrolment rows, in the approval's own transaction; of a
 * correction, what it changes of what the corrected filing wrote, server/business/b03_effect.h). The definition is
 * bound to b03_binds when it is read. */
#pragma once
#include "server/filing/filing.h"
#include "server/business/b03_effect.h"
#include "server/business/b03_look.h"

struct b03_service {
	const struct desk *desk;
	const struct tables *tables;
	struct service_precondition preconditions[2];
	struct service_condition conditions[2];
	struct service_effect effects[2];
	struct service_registry registry; /* for services_load */
};
/* Borrows desk and tables; s must stay where it is as long as definitions loaded with its registry live. */
void b03_service_init(struct b03_service *s, const struct desk *desk, const struct tables *tables);
