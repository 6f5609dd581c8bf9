/* Between the b03_*.c files: reading fields into a row, adding faults. */
#pragma once
#include "server/business/b03.h"

void fault_add(struct b03_faults *out, int64_t row, enum b03_field field, enum b03_code code, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
bool fault_has(const struct b03_faults *out, enum b03_field field); /* a refusal on this field */
/* Every field on its own. */
void b03_read(const struct b03_rules *r, const struct b03_row *row, struct b03 *b, struct b03_faults *out);
