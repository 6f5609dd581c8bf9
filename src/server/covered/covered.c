#include "server/covered/covered.h"
#include "server/cert/covered.h"
#include "server/filing/covered.h"
#include "server/insurance/covered.h"
#include "server/register/covered.h"

const struct log_table *const covered_tables[] = {register_tables, cert_tables, insurance_tables, filing_tables, NULL};
