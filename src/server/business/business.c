/* The one table: a business is a definition in share/services, one file, and its row here. */
#include "server/business/business.h"

extern const struct business business_b03, business_b04, business_wages;

const struct business *const businesses[] = {
	&business_b03,
	&business_b04,
	&business_wages,
	NULL,
};
