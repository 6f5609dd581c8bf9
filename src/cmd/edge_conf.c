#include "cmd/edge_conf.h"
#include "base/file.h"
#include "base/json.h"
#include "evidence/limits.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TEXT_MAX = 64 * 1024, PATH_ROOM = 1024 };

static bool have_ipv6(void)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Appends line with each @NAME@ of the table replaced. */
static void fill(struct buf *out, struct span line, const char *const (*table)[2])
{
	while (line.len) {
		bool hit = false;
		for (size_t i = 0; table[i][0] != NULL && !hit; i++)
			if (span_starts(line, span_str(table[i][0]))) {
				buf_str(out, table[i][1]);
				line = span_sub(line, strlen(table[i][0]), line.len);
				hit = true;
			}
		if (!hit) {
			buf_u8(out, line.ptr[0]);
			line = span_sub(line, 1, line.len);
		}
	}
	buf_u8(out, '\n');
}

static bool ends_with(struct span s, const char *tail)
{
	size_t n = strlen(tail);
	return s.len >= n && span_eq_str(span_sub(s, s.len - n, n), tail);
}

/* A file of share/nginx. */
static enum err source(const struct edge_plan *p, const char *name, struct buf *out)
{
	char path[PATH_ROOM];
	if ((size_t)snprintf(path, sizeof(path), "%s/nginx/%s", p->share, name) >= sizeof(path))
		return ERR(CONFIG, "path too long: %s", p->share);
	return file_read(path, out);
}

static enum err put(const struct edge_plan *p, const char *name, const char *suffix, const struct buf *text)
{
	char path[PATH_ROOM];
	TRY(buf_err(text));
	if ((size_t)snprintf(path, sizeof(path), "%s/edge/%s%s", p->data, name, suffix) >= sizeof(path))
		return ERR(CONFIG, "path too long: %s", p->data);
	return file_replace(path, buf_span(text), 0644);
}

/* Rounded up: what is a little over is the portal's to refuse. */
static void kib(size_t octets, char ret[16])
{
	snprintf(ret, 16, "%zu", (octets + 1023) / 1024);
}

static enum err conf(const struct edge_plan *p)
{
	char port[16], workers[16], edge[PATH_ROOM], user[128] = "", act[16], receipt[16], form[16];
	AUTO_BUF(in, TEXT_MAX);
	AUTO_BUF(out, TEXT_MAX);
	TRY(source(p, "nginx.conf.in", &in));
	snprintf(port, sizeof(port), "%u", p->port);
	snprintf(workers, sizeof(workers), "%u", p->workers);
	snprintf(edge, sizeof(edge), "%s/edge", p->data);
	kib(LIMIT_POST, act);
	kib(LIMIT_RECEIPT_POST, receipt);
	kib(LIMIT_FORM_POST, form);
	if (p->user != NULL)
		snprintf(user, sizeof(user), "user %s;", p->user);
	const char *const table[][2] = {{"@PORT@", port},           {"@DATA@", p->data},   {"@SHARE@", edge},
	                                {"@WORKERS@", workers},     {"@USER_LINE@", user}, {"@ACT_KIB@", act},
	                                {"@RECEIPT_KIB@", receipt}, {"@FORM_KIB@", form},  {NULL, NULL}};
	bool ipv6 = have_ipv6();
	struct span rest = buf_span(&in), line;
	while (span_take_until(&rest, '\n', &line))
		if (ipv6 || !ends_with(line, "# ipv6"))
			fill(&out, line, table);
	return put(p, "nginx.conf", "", &out);
}

/* --- its pages --- */

struct page {
	const char *name, *code, *title, *text, *remedy;
};

static enum err page_of(const json_t *item, struct page *ret_p)
{
	TRY(json_str(item, "name", &ret_p->name));
	TRY(json_str(item, "code", &ret_p->code));
	TRY(json_str(item, "title", &ret_p->title));
	TRY(json_str(item, "text", &ret_p->text));
	return json_str(item, "remedy", &ret_p->remedy);
}

static enum err put_html(const struct edge_plan *p, struct span template, const struct page *page, const char *name)
{
	const char *const table[][2] = {{"@TITLE@", page->title},
	                                {"@TEXT@", page->text},
	                                {"@REMEDY@", page->remedy},
	                                {"@CODE@", page->code},
	                                {NULL, NULL}};
	struct span line;
	AUTO_BUF(out, TEXT_MAX);
	while (span_take_until(&template, '\n', &line))
		fill(&out, line, table);
	return put(p, name, ".html", &out);
}

/* In the form of the portal's errors; the request's id is in no file. */
static enum err put_json(const struct edge_plan *p, const struct page *page, const char *name)
{
	AUTO_BUF(out, TEXT_MAX);
	AUTO_JSON all = json_object();
	json_t *error = json_object();
	if (all == NULL)
		return ERR(NOMEM, "page %s", page->name);
	TRY(json_put(all, "error", error));
	TRY(json_put_str(error, "code", span_str(page->code)));
	TRY(json_put_str(error, "text", span_str(page->text)));
	TRY(json_put_str(error, "remedy", span_str(page->remedy)));
	TRY(json_print(all, &out));
	return put(p, name, ".json", &out);
}

static enum err pages(const struct edge_plan *p)
{
	json_t *v = NULL, *item;
	size_t i;
	AUTO_BUF(text, TEXT_MAX);
	AUTO_BUF(template, TEXT_MAX);
	TRY(source(p, "pages.json", &text));
	TRY(source(p, "page.html.in", &template));
	TRY(json_parse(buf_span(&text), &v));
	AUTO_JSON list = v;
	json_array_foreach(list, i, item) {
		struct page page;
		char name[64];
		TRY(page_of(item, &page));
		snprintf(name, sizeof(name), "nginx/%s", page.name);
		TRY(put_html(p, buf_span(&template), &page, name));
		TRY(put_json(p, &page, name));
	}
	return ERR_OK;
}

enum err edge_configure(const struct edge_plan *p)
{
	TRY(conf(p));
	return pages(p);
}
