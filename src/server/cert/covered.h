/* The tables of letters, certificates and desk cases whose rows lie under the log. */
#pragma once
#include "evidence/log_table.h"

extern const struct log_table cert_tables[]; /* ends with a NULL name */
