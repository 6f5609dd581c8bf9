/* The types of docs/protocol/statement.md. A new type is a row here and a row there. */
#include "evidence/statement_i.h"
#include "base/text.h"
#include <string.h>

enum { SERIAL_MIN = 2, SERIAL_MAX = 40, TOKEN_MAX = 64, DAYS_MAX = 36500, NUMBER_MAX = 1000000000, PUB_HEX = 130 };

/* --- checks of one value --- */

static bool is_text(struct span v)
{
	return v.len > 0;
}

static bool is_hex(struct span v, char ten)
{
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.ptr[i];
		if (!(c >= '0' && c <= '9') && !(c >= ten && c <= ten + 5))
			return false;
	}
	return true;
}

static bool is_digest(struct span v)
{
	return v.len == 64 && is_hex(v, 'a');
}

static bool is_digest_or_none(struct span v)
{
	return span_eq_str(v, "-") || is_digest(v);
}

static bool is_time(struct span v)
{
	int64_t t;

	if (text_untime(v, &t) == ERR_OK)
		return true;
	err_clear();
	return false;
}

static bool is_date(struct span v)
{
	int64_t t;

	if (text_date(v, &t) == ERR_OK)
		return true;
	err_clear();
	return false;
}

static bool is_number_in(struct span v, int64_t min, int64_t max)
{
	int64_t n;

	if (text_i64(v, min, max, &n) == ERR_OK)
		return true;
	err_clear();
	return false;
}

static bool is_days(struct span v)
{
	return is_number_in(v, 1, DAYS_MAX);
}

static bool is_number(struct span v)
{
	return is_number_in(v, 0, NUMBER_MAX);
}

/* An uncompressed point of the curve, written out; whether it lies on the curve is sm2_pub_parse's business. */
static bool is_pub(struct span v)
{
	return v.len == PUB_HEX && span_starts(v, SPAN_LIT("04")) && is_hex(v, 'a');
}

static bool is_serial(struct span v)
{
	return v.len >= SERIAL_MIN && v.len <= SERIAL_MAX && v.len % 2 == 0 && is_hex(v, 'A');
}

/* ASCII letters, digits and the marks given, so that a reader can split a line of several at its spaces. */
static bool is_word(struct span v, const char *marks)
{
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.ptr[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!alnum && (c == '\0' || strchr(marks, c) == NULL))
			return false;
	}
	return v.len > 0 && v.len <= TOKEN_MAX;
}

static bool is_token(struct span v)
{
	return is_word(v, "-_.");
}

static bool is_unit_no(struct span v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] < '0' || v.ptr[i] > '9')
			return span_eq_str(v, "-");
	return v.len == 8;
}

static bool is_uscc(struct span v)
{
	if (span_eq_str(v, "-"))
		return true;
	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] >= 'a' && v.ptr[i] <= 'z')
			return false;
	return v.len == 18 && is_word(v, "");
}

/* RFC 6454 6.2: scheme, host and port, nothing behind. */
static bool is_origin(struct span v)
{
	bool tls = span_starts(v, SPAN_LIT("https://"));

	if (!tls && !span_starts(v, SPAN_LIT("http://")))
		return false;
	struct span host = span_sub(v, tls ? 8 : 7, v.len);
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = host.ptr[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
		if (!alnum && (c == '\0' || strchr("-.:[]", c) == NULL))
			return false;
	}
	return host.len > 0 && host.len <= 255;
}

/* "P000001 clerk,reviewer 430100" */
static bool is_roster_entry(struct span v)
{
	struct span person, roles;

	return span_take_until(&v, ' ', &person) && span_take_until(&v, ' ', &roles) && is_token(person) &&
	       is_word(roles, "-,") && is_token(v);
}

/* "YX26000001 04..." */
static bool is_stock_card(struct span v)
{
	struct span serial;

	return span_take_until(&v, ' ', &serial) && is_token(serial) && is_pub(v);
}

/* "430100B0320261122001 2 <digest> 1000 <matter> <unit's name or ->": no one decides on what he was not shown. */
static bool is_filing_item(struct span v)
{
	struct span no, version, digest, rows, matter;

	return span_take_until(&v, ' ', &no) && is_token(no) && span_take_until(&v, ' ', &version) &&
	       is_number(version) && span_take_until(&v, ' ', &digest) && is_digest(digest) &&
	       span_take_until(&v, ' ', &rows) && is_number(rows) && span_take_until(&v, ' ', &matter) &&
	       matter.len > 0 && v.len > 0;
}

/* --- types --- */

/* clang-format off */
const struct statement_part statement_common[] = {
	{"bureau", is_digest}, {"nonce", is_digest}, {"time", is_time}, {NULL},
};

#define CASE_PARTS \
	{"case", is_text}, {"kind", is_token}, {"profile", is_token}, {"unit-no", is_unit_no}, {"unit-name", is_text}, \
	{"uscc", is_uscc}, {"person-id", is_token}, {"holder", is_text}, {"days", is_days}, {"medium", is_text}, \
	{"letter", is_text}, {"officer", is_token}

static const struct statement_part login[] = {{"origin", is_origin}, {NULL}};
static const struct statement_part cert_accept[] = {CASE_PARTS, {NULL}};
static const struct statement_part cert_approve[] = {{"accept", is_digest}, CASE_PARTS, {NULL}};
static const struct statement_part cert_make[] = {
	{"approve", is_digest}, {"case", is_text}, {"card", is_token}, {"key", is_pub}, {"officer", is_token}, {NULL},
};
static const struct statement_part cert_back[] = {
	{"case", is_text}, {"version", is_number}, {"holder", is_text}, {"reason", is_text},
	{"officer", is_token}, {NULL},
};
static const struct statement_part cert_renew[] = {
	{"serial", is_serial}, {"card", is_token}, {"key", is_pub}, {"days", is_days}, {NULL},
};
static const struct statement_part cert_stop[] = {
	{"case", is_text}, {"serial", is_serial}, {"reason", is_text}, {NULL},
};
static const struct statement_part cert_release[] = {{"case", is_text}, {"serial", is_serial}, {NULL}};
static const struct statement_part roster[] = {
	{"number", is_number}, {"previous", is_digest_or_none}, {"entry", is_roster_entry, STATEMENT_REPEAT_MAX}, {NULL},
};
static const struct statement_part stock[] = {{"card", is_stock_card, STATEMENT_REPEAT_MAX}, {NULL}};

#define FILER_PARTS \
	{"business", is_token}, {"matter", is_text}, {"filing", is_token}, {"version", is_number}, \
	{"definition", is_digest}, {"unit-no", is_unit_no}, {"unit-name", is_text}, {"person-id", is_token}, \
	{"holder", is_text}
#define FILED_PARTS \
	FILER_PARTS, {"form", is_text}, {"attach", is_text, STATEMENT_REPEAT_MAX}, {"row", is_text, STATEMENT_REPEAT_MAX}
#define WIDE_PARTS \
	FILER_PARTS, {"form", is_text, 0, true}, {"attach", is_text, STATEMENT_REPEAT_MAX}, \
	{"row", is_text, STATEMENT_ROWS_MAX, true}
#define DECIDED_PARTS \
	{"filing", is_token}, {"version", is_number}, {"submit", is_digest}, {"matter", is_text}, \
	{"unit-no", is_unit_no}, {"unit-name", is_text}, {"officer", is_token}

static const struct statement_part filing_submit[] = {FILED_PARTS, {NULL}};
static const struct statement_part filing_correct[] = {
	{"corrects", is_token}, {"previous", is_digest}, FILED_PARTS, {NULL},
};
static const struct statement_part filing_submit_wide[] = {WIDE_PARTS, {NULL}};
static const struct statement_part filing_correct_wide[] = {
	{"corrects", is_token}, {"previous", is_digest}, WIDE_PARTS, {NULL},
};
static const struct statement_part filing_withdraw[] = {
	{"filing", is_token}, {"version", is_number}, {"submit", is_digest}, {"unit-no", is_unit_no},
	{"person-id", is_token},
	{"reason", is_text}, {NULL},
};
static const struct statement_part filing_bulk[] = {
	{"officer", is_token}, {"opinion", is_text}, {"item", is_filing_item, STATEMENT_REPEAT_MAX}, {NULL},
};
static const struct statement_part filing_return[] = {
	DECIDED_PARTS, {"until", is_date}, {"defect", is_text, STATEMENT_REPEAT_MAX}, {NULL},
};
static const struct statement_part filing_refuse[] = {DECIDED_PARTS, {"reason", is_text}, {NULL}};

static const struct statement_type types[] = {
	{"LOGIN", "登录", login},
	{"CERT-ACCEPT", "证书申请受理", cert_accept},
	{"CERT-APPROVE", "证书申请审核", cert_approve},
	{"CERT-MAKE", "制证", cert_make},
	{"CERT-RETURN", "证书申请退回补正", cert_back},
	{"CERT-REFUSE", "证书申请不予受理", cert_back},
	{"CERT-RENEW", "证书更新", cert_renew},
	{"CERT-REVOKE", "证书吊销", cert_stop},
	{"CERT-SUSPEND", "证书冻结(挂失)", cert_stop},
	{"CERT-RELEASE", "证书解冻", cert_release},
	{"ROSTER", "岗位名册", roster},
	{"STOCK", "证书介质入库", stock},
	{"FILING-SUBMIT", "业务申报", filing_submit, STATEMENT_LONG_MAX},
	{"FILING-CORRECT", "业务更正申报", filing_correct, STATEMENT_LONG_MAX},
	{"FILING-SUBMIT-WIDE", "业务申报", filing_submit_wide, STATEMENT_WIDE_MAX},
	{"FILING-CORRECT-WIDE", "业务更正申报", filing_correct_wide, STATEMENT_WIDE_MAX},
	{"FILING-WITHDRAW", "取消申报", filing_withdraw},
	{"FILING-ACCEPT", "业务受理", filing_bulk},
	{"FILING-RETURN", "业务退回补正", filing_return},
	{"FILING-APPROVE", "业务审核通过", filing_bulk},
	{"FILING-REFUSE", "业务不予受理", filing_refuse},
};
/* clang-format on */

const struct statement_type *statement_type_find(struct span name)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (span_eq_str(name, types[i].name))
			return &types[i];
	return NULL;
}

/* --- Chinese titles --- */

const char *statement_type_zh(const char *type)
{
	const struct statement_type *t = statement_type_find(span_str(type));

	return t != NULL ? t->zh : NULL;
}

const char *statement_key_zh(const char *key)
{
	static const struct {
		const char *key, *zh;
	} titles[] = {
		{"bureau", "机构标识"},
		{"nonce", "一次性编号"},
		{"time", "签署时间"},
		{"origin", "网站"},
		{"accept", "受理签名摘要"},
		{"approve", "审核签名摘要"},
		{"case", "受理编号"},
		{"kind", "业务类型"},
		{"profile", "证书类型"},
		{"unit-no", "单位编号"},
		{"unit-name", "单位名称"},
		{"uscc", "统一社会信用代码"},
		{"person-id", "人员编号"},
		{"holder", "持有人"},
		{"days", "有效天数"},
		{"medium", "介质类别"},
		{"letter", "授权委托书"},
		{"officer", "经办工作人员"},
		{"card", "介质序列号"},
		{"key", "签名公钥"},
		{"serial", "证书序列号"},
		{"reason", "原因"},
		{"number", "名册期号"},
		{"previous", "上一份签名摘要"},
		{"entry", "岗位人员"},
		{"business", "业务代码"},
		{"matter", "业务事项"},
		{"filing", "申报编号"},
		{"version", "版本"},
		{"definition", "业务定义摘要"},
		{"form", "申报内容"},
		{"attach", "附件"},
		{"row", "人员"},
		{"corrects", "更正的申报编号"},
		{"submit", "申报签名摘要"},
		{"opinion", "意见"},
		{"item", "申报件"},
		{"until", "补正期限"},
		{"defect", "需补正事项"},
	};

	for (size_t i = 0; key != NULL && i < COUNT_OF(titles); i++)
		if (strcmp(titles[i].key, key) == 0)
			return titles[i].zh;
	return NULL;
}
