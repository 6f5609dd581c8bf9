/* The tables whose rows lie under the log, and their rows by key. */
#include "evidence/log_i.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <string.h>

/* clang-format off */
#define I(name) {name, SQL_INT}
#define T(name) {name, SQL_TEXT}
#define B(name) {name, SQL_BLOB}
#define D(name) {name, SQL_BLOB, true}

/* A new table is a row here and two statements in share/sql/log_cover.sql. The parts of the key are columns too, so
 * that a changed one has a mark. Left out on purpose: account.fails, account.wait_until (docs/protocol/log.md, 1). */
const struct log_table log_tables[] = {
	{"unit", "cover_unit_get", "cover_unit_all", "t",
		{T("unit_no"), T("uscc"), T("name"), T("type"), T("region"), T("address"), I("frozen"),
		 I("created"), {NULL}}},
	{"person", "cover_person_get", "cover_person_all", "t",
		{T("person_no"), T("name"), B("id_sealed"), B("id_digest"), B("mobile_sealed"), I("created"),
		 {NULL}}},
	{"account", "cover_account_get", "cover_account_all", "t",
		{T("subject"), T("kind"), T("unit_no"), T("person_no"), T("holder"), I("frozen"), B("password"),
		 I("created"), {NULL}}},
	{"letter", "cover_letter_get", "cover_letter_all", "tt",
		{T("unit_no"), T("letter_no"), T("person_no"), T("matters"), I("valid_from"), I("valid_to"),
		 I("revoked"), I("created"), {NULL}}},
	{"cert", "cover_cert_get", "cover_cert_all", "t",
		{T("serial"), T("subject"), T("usage"), T("case_no"), T("card"), I("not_before"), I("not_after"),
		 I("status"), B("der"), I("created"), {NULL}}},
	{"cert_case", "cover_cert_case_get", "cover_cert_case_all", "t",
		{T("case_no"), I("version"), I("state"), T("profile"), T("subject"), T("unit_no"), T("unit_name"),
		 T("uscc"), T("person_no"), T("holder"), T("letter_no"), I("letter_from"), I("letter_to"),
		 I("days"), T("clerk"), T("reviewer"), T("maker"), T("card"), T("key_hex"), B("csr"), B("attest"),
		 I("make_signed"), T("cert_serial"), T("enc_serial"), B("enveloped"), I("created"), I("changed"),
		 {NULL}}},
	{"case_act", "cover_case_act_get", "cover_case_act_all", "ti",
		{T("case_no"), I("step"), B("statement_sealed"), B("sig"), B("cert"), T("officer"), I("time"),
		 {NULL}}},
	{"case_event", "cover_case_event_get", "cover_case_event_all", "ti",
		{T("case_no"), I("seq"), I("time"), I("from_state"), I("to_state"), T("officer"), T("name"),
		 T("role"), T("serial"), B("opinion_sealed"), {NULL}}},
	{"unit_insurance", "cover_unit_insurance_get", "cover_unit_insurance_all", "tti",
		{T("unit_no"), T("ins"), I("from_month"), I("to_month"), I("risk_class"), I("float_ppm"),
		 I("recorded"), {NULL}}},
	{"person_detail", "cover_person_detail_get", "cover_person_detail_all", "ti",
		{T("person_no"), I("version"), B("detail_sealed"), T("filing_no"), I("valid_from"), I("valid_to"),
		 T("closed_by"), {NULL}}},
	{"employment", "cover_employment_get", "cover_employment_all", "tti",
		{T("unit_no"), T("person_no"), I("version"), I("hire_day"), T("form"), T("contract_type"),
		 I("contract_from"), I("contract_to"), T("post"), I("retire_class"), I("special_job"),
		 T("filing_no"), I("valid_from"), I("valid_to"), T("closed_by"), {NULL}}},
	{"wage", "cover_wage_get", "cover_wage_all", "ttii",
		{T("unit_no"), T("person_no"), I("from_month"), I("version"), I("wage_fen"), T("filing_no"),
		 I("recorded"), {NULL}}},
	{"enrolment", "cover_enrolment_get", "cover_enrolment_all", "ttti",
		{T("person_no"), T("unit_no"), T("ins"), I("version"), I("status"), I("from_month"), I("to_month"),
		 T("enrol_type"), T("filing_no"), I("valid_from"), I("valid_to"), T("closed_by"), {NULL}}},
	{"bill", "cover_bill_get", "cover_bill_all", "ti",
		{T("unit_no"), I("month"), I("state"), I("persons"), I("unit_fen"), I("person_fen"), I("verify"),
		 I("due_day"), I("computed"), {NULL}}},
	{"contribution", "cover_contribution_get", "cover_contribution_all", "titt",
		{T("unit_no"), I("month"), T("person_no"), T("ins"), I("wage_fen"), I("base_fen"), I("unit_ppm"),
		 I("person_ppm"), I("unit_fen"), I("person_fen"), {NULL}}},
	{"filing", "cover_filing_get", "cover_filing_all", "t",
		{T("no"), T("business"), I("version"), I("state"), T("unit_no"), T("unit_name"), T("region"),
		 T("person_id"), T("filer"), I("content_version"), B("content_sealed"), I("row_count"),
		 T("corrects"), T("corrected_by"), T("submit_sm3"), T("reviewer1"), I("submitted"), I("due"),
		 I("expires"), I("created"), I("changed"), {NULL}}},
	{"filing_statement", "cover_filing_statement_get", "cover_filing_statement_all", "t",
		{T("sm3"), T("type"), T("person_id"), B("statement_sealed"), B("sig"), B("cert"), I("time"),
		 {NULL}}},
	{"filing_event", "cover_filing_event_get", "cover_filing_event_all", "ti",
		{T("no"), I("seq"), I("time"), I("version"), I("act"), I("from_state"), I("to_state"),
		 T("person_id"), T("name"), T("role"), T("serial"), T("rule"), T("statement_sm3"),
		 B("opinion_sealed"), {NULL}}},
	{"attachment", "cover_attachment_get", "cover_attachment_all", "ti",
		{T("no"), I("file"), T("slot"), T("sm3"), B("name_sealed"), {NULL}}},
	{"attachment_file", "cover_attachment_file_get", "cover_attachment_file_all", "i",
		{I("file"), I("media"), I("octets"), I("pages"), T("sm3"), T("person_id"), I("time"), {NULL}}},
	{"attachment_part", "cover_attachment_part_get", "cover_attachment_part_all", "iii",
		{I("file"), I("page"), I("part"), D("sealed"), {NULL}}},
	{"filing_definition", "cover_filing_definition_get", "cover_filing_definition_all", "t",
		{T("no"), T("sm3"), {NULL}}},
	{NULL},
};
/* clang-format on */

const struct log_table *log_table_find(const char *name)
{
	for (const struct log_table *t = log_tables; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

size_t log_row_values(const struct row *row, int first, const struct log_column *c, struct log_value *ret_v)
{
	size_t n = 0;

	for (; c[n].name != NULL; n++) {
		int at = first + (int)n;
		ret_v[n] = (struct log_value){.name = c[n].name, .kind = row_null(row, at) ? SQL_NULL : c[n].kind};
		if (ret_v[n].kind == SQL_INT)
			ret_v[n].i = row_int(row, at);
		else if (ret_v[n].kind != SQL_NULL)
			ret_v[n].s = row_blob(row, at); /* a text's octets too */
		if (c[n].by_digest && ret_v[n].kind == SQL_BLOB) {
			INVARIANT(sm3_digest(ret_v[n].s, ret_v[n].own) == ERR_OK);
			ret_v[n].s = SPAN_ARR(ret_v[n].own);
		}
	}
	return n;
}

/* The last part takes what is left: a letter's number may hold a slash. */
static bool take_part(struct span *rest, char kind, bool last, struct sql_arg *ret_part)
{
	struct span s = *rest;
	size_t at;
	int64_t number;

	if (!last) {
		if (!span_find(*rest, '/', &at))
			return false;
		s = span_sub(*rest, 0, at);
		*rest = span_sub(*rest, at + 1, rest->len);
	}
	*ret_part = (struct sql_arg){SQL_TEXT, 0, s};
	if (kind == 't')
		return true;
	if (text_i64(s, INT64_MIN, INT64_MAX, &number) != ERR_OK) {
		err_clear();
		return false;
	}
	*ret_part = A_INT(number);
	return true;
}

enum err log_table_get(struct tx *tx, const struct log_table *t, const char *key, row_fn *fn, void *ctx)
{
	struct sql_arg part[LOG_KEY_PARTS];
	struct span rest = span_str(key);
	size_t n = strlen(t->key);

	for (size_t i = 0; i < n; i++)
		if (!take_part(&rest, t->key[i], i + 1 == n, &part[i]))
			return ERR(ABSENT, "no row of key %s", key);
	return tx_one(tx, t->get, part, n, fn, ctx);
}
