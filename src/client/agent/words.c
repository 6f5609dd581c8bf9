/* What the values of a statement's lines mean to the person who is to sign: times by Beijing's clock, words of our own
 * instead of the tokens that programs compare. The octets themselves are shown beside (window.js, pinentry.c): nothing
 * is left out. */
#include "base/text.h"
#include "client/agent/agent.h"
#include <string.h>

bool words_for_machines(const char *key)
{
	static const char *const keys[] = {"bureau",   "nonce", "accept", "approve",
	                                   "previous", "key",   "submit", "definition"};

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static const struct {
	const char *key, *value, *zh;
} table[] = {
	{"kind", "issue", "新办证书"},
	{"profile", "unit", "单位证书（单位管理员）"},
	{"profile", "unit-member", "单位证书（其他经办人）"},
	{"profile", "person", "个人证书"},
	{"profile", "staff", "工作人员证书"},
	{"medium", "attested", "本机构介质，密钥在介质内产生并有证明"},
};

static const struct {
	const char *name, *zh;
} roles[] = {
	{"clerk", "受理员"},   {"reviewer", "审核员"},     {"maker", "制证员"},
	{"auditor", "审计员"}, {"security", "安全管理员"}, {"system", "系统管理员"},
};

static void put_role(struct span name, struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (span_eq_str(name, roles[i].name)) {
			buf_str(out, roles[i].zh);
			return;
		}
	buf_put(out, name);
}

/* "P000001 clerk,reviewer 430100" */
static void put_entry(struct span v, struct buf *out)
{
	struct span person, list, role;

	if (!span_take_until(&v, ' ', &person) || !span_take_until(&v, ' ', &list))
		return;
	buf_put(out, person);
	buf_str(out, " ");
	while (span_take_until(&list, ',', &role)) {
		put_role(role, out);
		buf_str(out, "、");
	}
	put_role(list, out);
	buf_str(out, "，辖区 ");
	buf_put(out, v);
}

/* "YX26000001 04..." of STOCK: the public key is for machines. */
static void put_card(struct span v, struct buf *out)
{
	struct span serial;

	if (span_take_until(&v, ' ', &serial))
		buf_put(out, serial);
}

/* "430100B0320261122001 2 <digest> 1000 <matter> <unit or ->" */
static void put_item(struct span v, struct buf *out)
{
	struct span no, version, digest, rows, matter;

	if (!span_take_until(&v, ' ', &no) || !span_take_until(&v, ' ', &version) ||
	    !span_take_until(&v, ' ', &digest) || !span_take_until(&v, ' ', &rows) ||
	    !span_take_until(&v, ' ', &matter))
		return;
	buf_put(out, no);
	buf_str(out, " 第 ");
	buf_put(out, version);
	buf_str(out, " 版，");
	buf_put(out, matter);
	if (!span_eq_str(v, "-")) {
		buf_str(out, "，");
		buf_put(out, v);
	}
	buf_str(out, "，共 ");
	buf_put(out, rows);
	buf_str(out, " 人");
}

static enum err put_time(struct span v, struct buf *out)
{
	int64_t t;

	TRY(text_untime(v, &t));
	text_time_cn(out, t);
	buf_str(out, "（北京时间）");
	return ERR_OK;
}

enum err words_of(const char *key, const char *value, struct buf *out, bool *ret_plain)
{
	struct span v = span_str(value);

	if (strcmp(key, "time") == 0)
		TRY(put_time(v, out));
	else if (strcmp(value, "-") == 0)
		buf_str(out, "无");
	else if (strcmp(key, "entry") == 0)
		put_entry(v, out);
	else if (strcmp(key, "card") == 0)
		put_card(v, out);
	else if (strcmp(key, "item") == 0)
		put_item(v, out);
	for (size_t i = 0; i < COUNT_OF(table) && out->len == 0; i++)
		if (strcmp(key, table[i].key) == 0 && strcmp(value, table[i].value) == 0)
			buf_str(out, table[i].zh);
	*ret_plain = out->len == 0;
	return ERR_OK;
}
