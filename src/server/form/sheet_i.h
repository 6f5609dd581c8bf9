/* Between the sheet*.c files. */
#pragma once
#include "server/form/sheet.h"

bool sheet_has_blank(const struct service_field *f); /* the definition says what a blank cell stands for */
