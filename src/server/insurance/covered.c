#include "server/insurance/covered.h"

/* clang-format off */
const struct log_table insurance_tables[] = {
	{LOG_TABLE("unit_insurance", "tti"), .columns = {
		LOG_TEXT("unit_no"), LOG_TEXT("ins"), LOG_INT("from_month"), LOG_INT("to_month"),
		LOG_INT("risk_class"), LOG_INT("float_ppm"), LOG_INT("recorded")}},
	{LOG_TABLE("bill", "ti"), .columns = {
		LOG_TEXT("unit_no"), LOG_INT("month"), LOG_INT("state"), LOG_INT("persons"),
		LOG_INT("unit_fen"), LOG_INT("person_fen"), LOG_INT("verify"), LOG_INT("due_day"),
		LOG_INT("computed")}},
	{LOG_TABLE("contribution", "titt"), .columns = {
		LOG_TEXT("unit_no"), LOG_INT("month"), LOG_TEXT("person_no"), LOG_TEXT("ins"),
		LOG_INT("wage_fen"), LOG_INT("base_fen"), LOG_INT("unit_ppm"), LOG_INT("person_ppm"),
		LOG_INT("unit_fen"), LOG_INT("person_fen")}},
	{LOG_TABLE("supplement", "tt"), .columns = {
		LOG_TEXT("filing_no"), LOG_TEXT("person_no"), LOG_TEXT("unit_no"), LOG_INT("from_month"),
		LOG_INT("to_month")}},
	{NULL},
};
/* clang-format on */
