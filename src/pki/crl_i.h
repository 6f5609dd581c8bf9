/* Between crl.c (reading) and crl_build.c (writing). */
#pragma once
#include "pki/crl.h"

/* Two struct crl_entry by serial number, for qsort and bsearch. */
int crl_entry_cmp(const void *a, const void *b);
