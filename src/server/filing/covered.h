/* The tables of filings and their attachments whose rows lie under the log. */
#pragma once
#include "evidence/log_table.h"

extern const struct log_table filing_tables[]; /* ends with a NULL name */
