/* Names of the kinds, for both ends of the wire. */
#include "server/convert/xlsx.h"

static const char *const names[CELL_KIND_COUNT] = {"empty",   "text",   "number", "date", "bool",    "timed",
                                                   "formula", "merged", "error",  "long", "inexact", "bad-date"};

const char *cell_kind_name(enum cell_kind k)
{
	return k < CELL_KIND_COUNT ? names[k] : "error";
}
