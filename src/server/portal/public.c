/* Public pages and the files and answers for machines. */
#include "server/portal/pages.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

/* --- from the tables --- */

static const struct {
	const char *href, *text, *hint;
} tiles[] = {
	{"/login", "证书登录", "单位、个人与工作人员"},     {"/unit", "我的单位", "单位信息、证书有效期"},
	{"/person", "我的信息", "个人信息、证书有效期"},    {"/guide", "新办证书", "材料、步骤、时限"},
	{"/cert", "机构证书", "根证书指纹、吊销列表"},      {"/verify", "回执核验", "上传回执，逐步说明"},
	{"/filings", "业务申报", "职工参保：填表或传表格"}, {"/windows", "办理窗口", "地点、时间、携带材料"},
};

enum err page_home(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	json_t *list = mo_list(&m, "tiles");
	mo_str(&m, "title", "首页");
	for (size_t i = 0; i < COUNT_OF(tiles); i++) {
		struct mo t = mo_item(list);
		mo_str(&t, "href", tiles[i].href);
		mo_str(&t, "text", tiles[i].text);
		mo_str(&t, "hint", tiles[i].hint);
		TRY(mo_err(&t));
	}
	TRY(mo_err(&m));
	return model_table(rq, "notices");
}

/* Each with the number that a search leads to: of the whole table, not of what is shown. */
static enum err number(json_t *list)
{
	json_t *item;
	size_t i;
	json_array_foreach(list, i, item)
		TRY(json_put_int(item, "n", (int64_t)i + 1));
	return ERR_OK;
}

static enum err numbered(struct web_req *rq, const char *name)
{
	TRY(model_table(rq, name));
	return number(json_object_get(web_model(rq), name));
}

static bool faq_has(const json_t *item, const char *query)
{
	const json_t *line;
	size_t i;
	if (search_score(json_str_or(item, "q", ""), query) > 0)
		return true;
	json_array_foreach(json_object_get(item, "a"), i, line)
		if (json_is_string(line) && search_score(json_string_value(line), query) > 0)
			return true;
	return false;
}

enum err page_guide(struct web_req *rq)
{
	TRY(model_title(rq, "办事指南"));
	return numbered(rq, "guide");
}

enum err page_downloads(struct web_req *rq)
{
	TRY(model_title(rq, "下载专区"));
	return numbered(rq, "downloads");
}

enum err page_windows(struct web_req *rq)
{
	TRY(model_title(rq, "办理窗口"));
	return numbered(rq, "windows");
}

enum err page_faq(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	const char *query = web_value(rq, "q");
	TRY(numbered(rq, "faq"));
	json_t *list = json_object_get(web_model(rq), "faq");
	for (size_t i = json_array_size(list); i > 0 && query[0] != 0; i--)
		if (!faq_has(json_array_get(list, i - 1), query))
			(void)json_array_remove(list, i - 1);
	mo_str(&m, "title", "常见问题");
	mo_str(&m, "query", query);
	mo_int(&m, "count", (int64_t)json_array_size(list));
	return mo_err(&m);
}

/* --- not open yet --- */

static const struct {
	const char *path, *title, *text, *instead;
} later[] = {
	{"/jobs", "网上招聘", "用人单位招聘信息的申请、审核与发布尚未开通，目前没有已发布的岗位。",
         "招聘登记请拨打 12333 咨询。"},
	{"/inbox", "收件箱", "缴费通知与权益凭证的网上送达尚未开通，目前没有发给您的文书。",
         "纸质通知仍按原方式送达。"},
	{"/admin", "管理", "名册与参数管理页面尚未开通。",
         "岗位名册在机构初始化时由安全管理员签名确定，本测试版还不能在网上变更。"},
};

enum err page_notyet(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	for (size_t i = 0; i < COUNT_OF(later); i++) {
		if (strcmp(later[i].path, web_path(rq)) != 0)
			continue;
		mo_str(&m, "title", later[i].title);
		mo_str(&m, "text", later[i].text);
		mo_str(&m, "instead", later[i].instead);
		mo_bool(&m, "open", false);
		return mo_err(&m);
	}
	return ERR(ABSENT, "no such page");
}

/* --- elder mode --- */

enum { MODE_SEC = 365 * 86400 };

enum err page_mode(struct web_req *rq)
{
	const char *next = web_value(rq, "next");
	bool elder = strcmp(web_value(rq, "set"), "elder") == 0;
	web_set_cookie(rq, "yx_mode", elder ? "elder" : "", elder ? MODE_SEC : -1, true);
	return web_redirect(rq, web_is_own_path(next) ? next : "/");
}

/* --- certificates of the bureau --- */

static void grouped_hex(const uint8_t digest[32], char ret_text[96])
{
	size_t n = 0;
	for (size_t i = 0; i < 32; i++)
		n += (size_t)snprintf(ret_text + n, 96 - n, "%02x%s", digest[i], i % 2 == 1 && i < 31 ? " " : "");
}

static void fingerprint(const struct cert *c, char ret_text[96])
{
	uint8_t digest[32];
	ret_text[0] = 0;
	if (cert_sm3(c, digest) == ERR_OK)
		grouped_hex(digest, ret_text);
	else
		err_clear();
}

void root_fingerprint(const struct portal *p, char ret_text[96])
{
	fingerprint(trust_root(p->trust), ret_text);
}

static void put_ca(struct mo *m, const char *prefix, const struct cert *c)
{
	char key[32], text[96];
	(void)snprintf(key, sizeof(key), "%s_name", prefix);
	mo_str(m, key, cert_common_name(c));
	(void)snprintf(key, sizeof(key), "%s_sm3", prefix);
	fingerprint(c, text);
	mo_str(m, key, text);
	(void)snprintf(key, sizeof(key), "%s_from", prefix);
	mo_date(m, key, cert_not_before(c));
	(void)snprintf(key, sizeof(key), "%s_to", prefix);
	mo_last_day(m, key, cert_not_after(c));
}

static void put_root_crl(struct mo *m, const struct crl *c)
{
	mo_bool(m, "has_root_crl", c != NULL);
	if (c == NULL)
		return;
	mo_int(m, "root_crl_number", (int64_t)crl_number(c));
	mo_time(m, "root_crl_from", crl_this_update(c));
	mo_time(m, "root_crl_to", crl_next_update(c));
}

enum err page_cert(struct web_req *rq)
{
	const struct portal *p = portal_of(rq);
	struct trust_crl_info crl;
	struct mo m = mo_of(web_model(rq));
	TRY(trust_crl_info(p->trust, &crl));
	mo_str(&m, "title", "机构证书与吊销列表");
	put_ca(&m, "root", trust_root(p->trust));
	put_ca(&m, "ca", trust_ca(p->trust));
	put_root_crl(&m, trust_root_crl(p->trust));
	mo_int(&m, "crl_number", (int64_t)crl.number);
	mo_time(&m, "crl_from", crl.this_update);
	mo_time(&m, "crl_to", crl.next_update);
	return mo_err(&m);
}

enum { ROOT_KEPT_SEC = 86400 };

static int64_t until(const struct portal *p, int64_t t)
{
	return t - clock_now(p->desk.clock);
}

/* What the root signed lives for years; whoever has an old copy is to notice a new one within a day. */
static int64_t day_at_most(const struct portal *p, int64_t end)
{
	int64_t left = until(p, end);
	return left < ROOT_KEPT_SEC ? left : ROOT_KEPT_SEC;
}

/* Kept until the next is due. Dates before octets: should the list be exchanged in between, they are the older ones. */
static enum err ca_list(struct web_req *rq)
{
	const struct portal *p = portal_of(rq);
	struct trust_crl_info i;
	AUTO_BUF(der, CRL_DER_MAX);
	TRY(trust_crl_info(p->trust, &i));
	TRY(trust_crl_der(p->trust, &der));
	web_cache(rq, until(p, i.next_update), i.this_update);
	return web_bytes(rq, "application/pkix-crl", buf_span(&der));
}

static enum err root_list(struct web_req *rq)
{
	const struct portal *p = portal_of(rq);
	const struct crl *c = trust_root_crl(p->trust);
	if (c == NULL)
		return ERR(ROOT_LIST, "the ceremony signed none");
	web_cache(rq, day_at_most(p, crl_next_update(c)), crl_this_update(c));
	return web_bytes(rq, "application/pkix-crl", crl_der(c));
}

enum err page_crl_file(struct web_req *rq)
{
	const char *name = web_param(rq, "name");
	if (strcmp(name, "ca.crl") == 0)
		return ca_list(rq);
	return strcmp(name, "root.crl") == 0 ? root_list(rq) : ERR(ABSENT, "no such list");
}

enum err page_ca_file(struct web_req *rq)
{
	const struct trust *t = portal_of(rq)->trust;
	const char *name = web_param(rq, "name");
	const struct cert *c = strcmp(name, "root.cer") == 0 ? trust_root(t)
	                       : strcmp(name, "ca.cer") == 0 ? trust_ca(t)
	                                                     : NULL;
	if (c == NULL)
		return ERR(ABSENT, "no such certificate");
	web_cache(rq, day_at_most(portal_of(rq), cert_not_after(c)), cert_not_before(c));
	return web_bytes(rq, "application/pkix-cert", cert_der(c));
}

/* --- for the operator --- */

static bool is_loopback(const char *remote)
{
	return strncmp(remote, "127.", 4) == 0 || strcmp(remote, "::1") == 0 || remote[0] == 0 ||
	       strcmp(remote, "unix:") == 0;
}

enum err page_metrics(struct web_req *rq)
{
	const struct portal *p = portal_of(rq);
	struct web_metrics w;
	AUTO_BUF(out, 4096);
	if (!is_loopback(web_remote(rq)))
		return ERR(DENIED, "metrics are for this machine only");
	web_metrics(&w);
	buf_printf(&out, "yinxin_portal_requests_total %llu\n", (unsigned long long)w.requests);
	for (int i = 1; i < 6; i++)
		buf_printf(&out, "yinxin_portal_answers_total{class=\"%dxx\"} %llu\n", i,
		           (unsigned long long)w.status_class[i]);
	buf_printf(&out, "yinxin_portal_handle_milliseconds_total %llu\n", (unsigned long long)w.msec_sum);
	buf_printf(&out, "yinxin_portal_bad_frames_total %llu\n", (unsigned long long)w.bad_frames);
	buf_printf(&out, "yinxin_store_commits_total %llu\n", (unsigned long long)store_commits(p->desk.store));
	TRY(buf_err(&out));
	return web_bytes(rq, "text/plain; charset=utf-8", buf_span(&out));
}
