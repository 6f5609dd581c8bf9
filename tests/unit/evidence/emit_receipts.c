/* Writes one receipt of each kind into a folder, with the root's digest and the time at which they were made:
 * tests/vectors/receipts. Run once for a form of statements that is new; what lies there is never written anew. */
#include "hall.h"
#include "base/file.h"
#include "base/text.h"
#include "evidence/receipt_make.h"
#include "gm/sm3.h"

static struct hall h;
static const char *folder;

static void put(const char *name, struct span octets)
{
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	OK(file_replace(path, octets, 0644));
}

static void put_receipt(const char *no, const char *name)
{
	AUTO_BUF(file, RECEIPT_MAX);
	const struct receipt_of what = {no, h.keys, cert_der(h.root.cert), cert_der(h.ca.cert), cert_der(h.log.cert)};

	OK(receipt_make(h.store, &what, &file));
	put(name, buf_span(&file));
}

static void digest(const struct buf *text, char ret_hex[65])
{
	uint8_t sm3[SM3_LEN];

	OK(sm3_digest(buf_span(text), sm3));
	text_hex_str(SPAN_ARR(sm3), ret_hex);
}

/* clang-format off */
#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define CASE(no) \
	{"case", no}, {"kind", "issue"}, {"profile", "unit"}, {"unit-no", "43010024"}, {"unit-name", "长沙测试一号科技有限公司"}, \
	{"uscc", "91430100MAYYYY016Y"}, {"person-id", "U0000001"}, {"holder", "测试经办人"}, {"days", "365"}, \
	{"medium", "attested"}, {"letter", "委托书 2026-1"}, {"officer", "P000003"}
#define FILED(no, form, row) \
	{"business", "B03"}, {"matter", "职工首次参保及险种增加"}, {"filing", no}, {"version", "4"}, {"definition", HEX64}, \
	{"unit-no", "43010024"}, {"unit-name", "长沙测试一号科技有限公司"}, {"person-id", "430100000016"}, \
	{"holder", "测试经办人"}, {"form", form}, {"attach", "-"}, {"row", row}, {"row", "姓名=测试职工乙;月工资=9000.00"}
/* clang-format on */

static void cert_case(void)
{
	AUTO_BUF(text, STATEMENT_MAX);
	char accept[65];
	const struct statement_kv first[] = {CASE("430100-20261122-0001")};

	hall_statement(&h, &h.clerk, "430100-20261122-0001", "CERT-ACCEPT", first, COUNT_OF(first), &text);
	(void)hall_sequence(&h);
	digest(&text, accept);
	const struct statement_kv second[] = {{"accept", accept}, CASE("430100-20261122-0001")};
	hall_statement(&h, &h.reviewer, "430100-20261122-0001", "CERT-APPROVE", second, COUNT_OF(second), NULL);
	(void)hall_sequence(&h);
	put_receipt("430100-20261122-0001", "certificate.yxr");
}

static void decide(const char *no, const struct buf *submission)
{
	char submit[65], item[300];

	digest(submission, submit);
	(void)snprintf(item, sizeof(item), "%s 4 %s 2 职工首次参保及险种增加 长沙测试一号科技有限公司", no, submit);
	const struct statement_kv kv[] = {{"officer", "P000004"}, {"opinion", "同意"}, {"item", item}};
	hall_statement(&h, &h.clerk, no, "FILING-ACCEPT", kv, COUNT_OF(kv), NULL);
	(void)hall_sequence(&h);
	hall_statement(&h, &h.reviewer, no, "FILING-APPROVE", kv, COUNT_OF(kv), NULL);
	(void)hall_sequence(&h);
}

static void filing(const char *no, const char *type, const char *form, const char *row, const char *name)
{
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	const struct statement_kv kv[] = {FILED(no, form, row)};

	hall_statement(&h, &h.clerk, no, type, kv, COUNT_OF(kv), &text);
	(void)hall_sequence(&h);
	decide(no, &text);
	put_receipt(no, name);
}

static void correction(const char *no, const char *type, const char *form, const char *row, const char *name)
{
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	const struct statement_kv kv[] = {{"corrects", "430100B0320261122001"},
	                                  {"previous", HEX64},
	                                  FILED(no, form, row)};

	hall_statement(&h, &h.clerk, no, type, kv, COUNT_OF(kv), &text);
	(void)hall_sequence(&h);
	decide(no, &text);
	put_receipt(no, name);
}

int main(int argc, char **argv)
{
	AUTO_BUF(now, 32);
	static char text[6001];
	const char *one = "所属期=202611", *row = "姓名=测试职工甲;月工资=8000.00";

	if (argc < 2)
		return 2;
	folder = argv[1];
	hall_open(&h);
	put("root.sm3", span_str(h.bureau));
	cert_case();
	filing("430100B0320261122001", "FILING-SUBMIT", one, row, "filing.yxr");
	correction("430100B0320261122002", "FILING-CORRECT", one, row, "correction.yxr");
	if (argc > 2 && strcmp(argv[2], "wide") == 0) {
		for (size_t i = 0; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, i == 0 ? "a=b" : "职", 3);
		filing("430100B0320261122003", "FILING-SUBMIT-WIDE", text, row, "filing-wide.yxr");
		correction("430100B0320261122004", "FILING-CORRECT-WIDE", one, text, "correction-wide.yxr");
	}
	buf_printf(&now, "%lld\n", (long long)clock_now(h.clock));
	put("now", buf_span(&now));
	hall_close(&h);
	return 0;
}
