/* Shared by the tests of src/evidence: one good set of keys and values for every type, and a seeded generator. */
#pragma once
#include "evidence/statement.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HEX64  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define PUB130 "04" HEX64 HEX64
/* clang-format off */
#define COMMON {"bureau", HEX64}, {"nonce", HEX64}, {"time", "2026-11-22T03:04:05Z"}
#define CASE \
	{"case", "430100-20261122-0001"}, {"kind", "issue"}, {"profile", "unit"}, {"unit-no", "43010024"}, \
	{"unit-name", "长沙测试一号科技有限公司"}, {"uscc", "91430100MAYYYY016Y"}, {"person-id", "U0000001"}, \
	{"holder", "测试经办人"}, {"days", "365"}, {"medium", "attested"}, {"letter", "委托书 2026-1"}, {"officer", "P000003"}
/* clang-format on */

/* clang-format off */
#define FILED \
	{"business", "B03"}, {"matter", "职工首次参保及险种增加"}, {"filing", "430100B0320261122001"}, {"version", "4"}, \
	{"definition", HEX64}, {"unit-no", "43010024"}, {"unit-name", "长沙测试一号科技有限公司"}, \
	{"person-id", "430100000016"}, {"holder", "测试经办人"}, {"form", "所属期=202611"}, {"attach", "-"}, \
	{"row", "姓名=测试职工甲;月工资=8000.00"}, {"row", "姓名=测试职工乙;月工资=9000.00"}
#define DECIDED \
	{"filing", "430100B0320261122001"}, {"version", "4"}, {"submit", HEX64}, {"matter", "职工首次参保及险种增加"}, \
	{"unit-no", "43010024"}, {"unit-name", "长沙测试一号科技有限公司"}, {"officer", "P000004"}
/* clang-format on */

struct sample {
	const char *type;
	struct statement_kv kv[32];
};
static const struct sample samples[] = {
	{"LOGIN", {COMMON, {"origin", "https://example.test:8600"}}},
	{"CERT-ACCEPT", {COMMON, CASE}},
	{"CERT-APPROVE", {COMMON, {"accept", HEX64}, CASE}},
	{"CERT-MAKE",
         {COMMON, {"approve", HEX64}, {"case", "1"}, {"card", "YX26000001"}, {"key", PUB130}, {"officer", "P000005"}}},
	{"CERT-RENEW", {COMMON, {"serial", "0102AB"}, {"card", "YX26000001"}, {"key", PUB130}, {"days", "730"}}},
	{"CERT-REVOKE", {COMMON, {"case", "2"}, {"serial", "0102AB"}, {"reason", "介质遗失"}}},
	{"CERT-SUSPEND", {COMMON, {"case", "2"}, {"serial", "0102AB"}, {"reason", "-"}}},
	{"CERT-RELEASE", {COMMON, {"case", "2"}, {"serial", "0102AB"}}},
	{"ROSTER",
         {COMMON,
          {"number", "0"},
          {"previous", "-"},
          {"entry", "P000001 security 430100"},
          {"entry", "P000003 clerk,reviewer 430102"},
          {"entry", "P000005 maker 430100"}}},
	{"STOCK", {COMMON, {"card", "YX26000001 " PUB130}, {"card", "YX26000002 " PUB130}}},
	{"FILING-SUBMIT", {COMMON, FILED}},
	{"FILING-CORRECT", {COMMON, {"corrects", "430100B0320261120007"}, {"previous", HEX64}, FILED}},
	{"FILING-SUBMIT-WIDE", {COMMON, FILED}},
	{"FILING-CORRECT-WIDE", {COMMON, {"corrects", "430100B0320261120007"}, {"previous", HEX64}, FILED}},
	{"FILING-WITHDRAW",
         {COMMON,
          {"filing", "430100B0320261122001"},
          {"version", "4"},
          {"submit", HEX64},
          {"unit-no", "43010024"},
          {"person-id", "430100000016"},
          {"reason", "填错月份"}}},
	{"FILING-ACCEPT",
         {COMMON,
          {"officer", "P000003"},
          {"opinion", "-"},
          {"item", "430100B0320261122001 4 " HEX64 " 2 职工首次参保及险种增加 长沙测试一号科技有限公司"}}},
	{"FILING-APPROVE",
         {COMMON,
          {"officer", "P000004"},
          {"opinion", "同意"},
          {"item", "430100B0320261122001 4 " HEX64 " 2 职工首次参保及险种增加 长沙测试一号科技有限公司"},
          {"item", "430100B0220261122002 2 " HEX64 " 0 个人信息变更 -"}}},
	{"FILING-RETURN",
         {COMMON,
          DECIDED,
          {"until", "2026-12-07"},
          {"defect", "第 3 行:劳动合同起始日期早于入职日期"},
          {"defect", "缺少劳动合同复印件"}}},
	{"FILING-REFUSE", {COMMON, DECIDED, {"reason", "不属于本机构受理范围"}}},
	{"CERT-RETURN",
         {COMMON,
          {"case", "1"},
          {"version", "2"},
          {"holder", "测试经办人"},
          {"reason", "缺公章"},
          {"officer", "P000004"}}},
	{"CERT-REFUSE",
         {COMMON,
          {"case", "1"},
          {"version", "3"},
          {"holder", "测试经办人"},
          {"reason", "材料不实"},
          {"officer", "P000003"}}},
};

static inline size_t kv_count(const struct statement_kv *kv)
{
	size_t n = 0;

	while (kv[n].key != NULL)
		n++;
	return n;
}

static inline struct statement *sample_build(const struct sample *s)
{
	struct statement *made = NULL;

	assert_int_equal(statement_build(s->type, s->kv, kv_count(s->kv), &made), ERR_OK);
	return made;
}

/* xorshift64*: the seed is printed, so that a failure can be repeated. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

static inline uint64_t test_seed(void)
{
	const char *given = getenv("YX_SEED");
	uint64_t seed =
		given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + (uint64_t)getpid();

	printf("# seed %llu\n", (unsigned long long)seed);
	return seed ? seed : 1;
}
