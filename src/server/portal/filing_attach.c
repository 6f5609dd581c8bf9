#include "server/portal/filing_attach.h"
#include "base/text.h"
#include "server/portal/run/converting.h"
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 25000 }; /* a large picture on a busy machine; less than the edge waits */

struct open_filing {
	const struct filing_desk *d;
	struct filing_who who;
	struct filing f;
	const struct service *s;
};

static enum err open_by(struct web_req *rq, struct open_filing *w)
{
	TRY(filing_get(w->d, web_param(rq, "no"), &w->who, &w->f));
	return filing_service(w->d, &w->f, &w->s);
}

static enum err open_own(struct web_req *rq, struct open_filing *w)
{
	TRY(filing_desk_of(rq, &w->d));
	filer_of(rq, &w->who);
	return open_by(rq, w);
}

static enum err open_review(struct web_req *rq, struct open_filing *w)
{
	TRY(filing_desk_of(rq, &w->d));
	TRY(reviewer_of(rq, &w->who));
	return open_by(rq, w);
}

static enum err go(struct web_req *rq, const char *no, const char *tail)
{
	const char *path = arena_printf(web_arena(rq), "/filings/%s%s", no, tail);
	return path != NULL ? web_redirect(rq, path) : ERR(NOMEM, "path");
}

/* --- what is there --- */

struct files {
	struct attachment v[ATTACH_COUNT_MAX];
	bool changed[ATTACH_COUNT_MAX];
	size_t n;
	bool any_changed;
	char gone[ATTACH_NAME_MAX + 1];
};

static enum err keep(const struct attachment *a, void *ctx)
{
	struct files *w = ctx;
	if (w->n == ATTACH_COUNT_MAX)
		return ERR(INTERNAL, "stored attachments");
	w->v[w->n++] = *a;
	return ERR_OK;
}

static enum err mark(const struct attachment *a, void *ctx)
{
	struct files *w = ctx;
	w->any_changed = true;
	if (a->id == 0)
		(void)snprintf(w->gone, sizeof(w->gone), "%s", a->name);
	for (size_t i = 0; i < w->n; i++)
		w->changed[i] = w->changed[i] || w->v[i].id == a->id;
	return ERR_OK;
}

/* By the rows: the octets of every file are compared at the approval, not on each look. */
static enum err compare_all(const struct filing_desk *d, const struct filing *f, struct files *w)
{
	const struct service *s;
	if (f->submit_sm3[0] == 0)
		return ERR_OK;
	TRY(filing_service(d, f, &s));
	enum err e = attach_rows_agree(d, f, s, mark, w);
	if (e == ERR_ATTACH_CHANGED) {
		err_clear();
		e = ERR_OK;
	}
	return e;
}

static void size_text(int64_t octets, char ret[32])
{
	if (octets >= 1 << 20)
		(void)snprintf(ret, 32, "%lld.%lld MiB", (long long)(octets >> 20),
		               (long long)((octets & ((1 << 20) - 1)) * 10 >> 20));
	else
		(void)snprintf(ret, 32, "%lld KiB", (long long)((octets + 1023) / 1024));
}

/* A picture's page leads to the whole picture, a document's to the page itself. */
static enum err put_pages(struct mo *m, const struct attachment *a, const char *base)
{
	json_t *list = mo_list(m, "views");
	for (int64_t i = 1; i <= a->pages; i++) {
		char href[160], label[48];
		struct mo o = mo_item(list);
		(void)snprintf(href, sizeof(href), "%s/preview/%lld", base, (long long)i);
		mo_str(&o, "src", href);
		(void)snprintf(href, sizeof(href), "%s/preview/%lld", base,
		               (long long)(a->media == MEDIA_PDF ? i : ATTACH_CLEAN));
		mo_str(&o, "href", href);
		(void)snprintf(label, sizeof(label), "第 %lld 页", (long long)i);
		mo_str(&o, "label", a->media == MEDIA_PDF ? label : "查看大图");
		TRY(mo_err(&o));
	}
	return mo_err(m);
}

static enum err put_file(json_t *list, const char *base, const char *no, const struct attachment *a, bool changed)
{
	char path[120], size[32];
	struct mo o = mo_item(list);
	(void)snprintf(path, sizeof(path), "%s/%s/attachments/%lld", base, no, (long long)a->id);
	size_text(a->octets, size);
	mo_int(&o, "id", a->id);
	mo_str(&o, "name", a->name);
	mo_str(&o, "size", size);
	mo_int(&o, "pages", a->media == MEDIA_PDF ? a->pages : 0);
	mo_str(&o, "sm3", a->sm3);
	mo_str(&o, "path", path);
	mo_bool(&o, "changed", changed);
	return put_pages(&o, a, path);
}

static enum err put_files(struct mo *m, const char *base, const struct filing *f, const struct files *w,
                          const char *slot, size_t *ret_n)
{
	json_t *list = mo_list(m, "files");
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i].slot, slot) == 0) {
			TRY(put_file(list, base, f->no, &w->v[i], w->changed[i]));
			n++;
		}
	*ret_n = n;
	return mo_err(m);
}

enum err filing_put_attachments(struct web_req *rq, struct mo *m, const struct filing_desk *d, const struct filing *f,
                                const char *base, bool compare)
{
	const struct service *s;
	struct files w = {.n = 0};
	(void)rq;
	TRY(filing_service(d, f, &s));
	TRY(attach_list(d, f, keep, &w));
	if (compare)
		TRY(compare_all(d, f, &w));
	json_t *list = mo_list(m, "attachments");
	for (size_t i = 0; i < s->n_attachments; i++) {
		struct mo o = mo_item(list);
		size_t n;
		mo_str(&o, "label", s->attachments[i].label);
		TRY(put_files(&o, base, f, &w, s->attachments[i].name, &n));
		mo_bool(&o, "empty", n == 0);
	}
	mo_bool(m, "has_attachments", w.n > 0);
	mo_bool(m, "attach_changed", w.any_changed);
	mo_str(m, "attach_gone", w.gone);
	return mo_err(m);
}

/* --- the upload page --- */

static const char *slot_error(struct web_req *rq, const struct service_attachment *a, const char *text)
{
	return text != NULL && strcmp(web_value(rq, "slot"), a->name) == 0 ? text : "";
}

static enum err put_slot(struct web_req *rq, json_t *list, const struct open_filing *w, const struct files *files,
                         const struct service_attachment *a, const char *error)
{
	struct mo o = mo_item(list);
	size_t n;
	char size[32];
	size_text(a->max_bytes, size);
	mo_str(&o, "slot", a->name);
	mo_str(&o, "label", a->label);
	mo_bool(&o, "required", a->required);
	mo_str(&o, "max_size", size);
	mo_int(&o, "max_count", a->max_count);
	mo_str(&o, "error", slot_error(rq, a, error));
	TRY(put_files(&o, "/filings", &w->f, files, a->name, &n));
	mo_int(&o, "count", (int64_t)n);
	mo_bool(&o, "full", (int64_t)n >= a->max_count);
	return mo_err(&o);
}

static enum err put_page(struct web_req *rq, const struct open_filing *w, const char *error)
{
	struct mo m = mo_of(web_model(rq));
	struct files files = {.n = 0};
	mo_str(&m, "title", "上传附件");
	TRY(filing_put_head(rq, &m, w->d, &w->f));
	TRY(filing_put_steps(&m, 2));
	TRY(attach_list(w->d, &w->f, keep, &files));
	json_t *list = mo_list(&m, "slots");
	for (size_t i = 0; i < w->s->n_attachments; i++)
		TRY(put_slot(rq, list, w, &files, &w->s->attachments[i], error));
	mo_bool(&m, "can_upload", portal_of(rq)->converting != NULL);
	return mo_err(&m);
}

enum err page_filing_upload(struct web_req *rq)
{
	struct open_filing w;
	TRY(open_own(rq, &w));
	return filing_is_open(&w.f) ? put_page(rq, &w, NULL) : go(rq, w.f.no, "");
}

/* --- one file --- */

static enum err draw(struct web_req *rq, struct span file, struct rendering *ret_r)
{
	struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	enum media m;
	if (!media_of(file, &m))
		return ERR(ATTACH_KIND, "first octets of no known kind");
	limits.wait_ms = WAIT_MS;
	return converting_render(portal_of(rq)->converting, m == MEDIA_PDF, file, &limits, ret_r);
}

static enum err add(struct web_req *rq, const struct open_filing *w)
{
	const struct web_file *file = web_file(rq, "file");
	struct rendering r;
	int64_t version;
	TRY(text_i64(span_str(web_value(rq, "version")), 1, INT64_MAX, &version));
	if (file == NULL)
		return ERR(ATTACH_SIZE, "no file");
	TRY(attach_may_add(w->d, w->f.no, version, &w->who, web_value(rq, "slot"), file->body.len));
	TRY(draw(rq, file->body, &r));
	const struct attach_new a = {web_value(rq, "slot"), file->name, file->body, &r};
	enum err e = attach_add(w->d, w->f.no, version, &w->who, &a, &version);
	rendering_done(&r);
	return e;
}

/* What the filer can help by another file is told on the page it came from. */
static bool is_refusal(enum err e)
{
	return (e >= ERR_PICTURE_NOT && e <= ERR_ATTACH_SAME) || e == ERR_CONVERT;
}

enum err page_filing_upload_post(struct web_req *rq)
{
	struct open_filing w;
	TRY(open_own(rq, &w));
	if (!filing_is_open(&w.f))
		return ERR(STATE, "attachments of a filing that is %s", filing_state_name(w.f.state));
	if (web_field_errors(rq))
		return put_page(rq, &w, "文件没有上传：请选择文件，大小不超过规定");
	enum err e = add(rq, &w);
	if (e == ERR_OK)
		return go(rq, w.f.no, "/upload");
	if (!is_refusal(e))
		return e;
	err_clear();
	web_field_error(rq, "file", e, err_zh(e));
	return put_page(rq, &w, err_zh(e));
}

enum err page_filing_attach_remove(struct web_req *rq)
{
	struct open_filing w;
	int64_t version, id;
	TRY(open_own(rq, &w));
	TRY(text_i64(span_str(web_value(rq, "version")), 1, INT64_MAX, &version));
	TRY(text_i64(span_str(web_param(rq, "id")), 1, INT64_MAX, &id));
	TRY(attach_remove(w.d, w.f.no, version, &w.who, id, &version));
	return go(rq, w.f.no, "/upload");
}

/* --- octets --- */

static enum err find(struct web_req *rq, const struct open_filing *w, struct attachment *ret_a)
{
	int64_t id;
	enum err e = text_i64(span_str(web_param(rq, "id")), 1, INT64_MAX, &id);
	if (e != ERR_OK) {
		err_clear();
		return ERR(ABSENT, "attachment");
	}
	return attach_get(w->d, &w->f, id, ret_a);
}

/* The name is ours: number and ordinal, the ending by what the file was found to be. */
static enum err answer_original(struct web_req *rq, const struct open_filing *w)
{
	static const char *const endings[] = {[MEDIA_JPEG] = "jpg", [MEDIA_PNG] = "png", [MEDIA_PDF] = "pdf"};
	struct attachment a;
	AUTO_BUF(bytes, ATTACH_FILE_MAX);
	TRY(find(rq, w, &a));
	TRY(attach_bytes(w->d, &a, ATTACH_ORIGINAL, &bytes));
	const char *disposition = arena_printf(web_arena(rq), "attachment; filename=\"%s-%lld.%s\"", w->f.no,
	                                       (long long)a.id, endings[a.media]);
	if (disposition == NULL)
		return ERR(NOMEM, "header");
	web_header(rq, "Content-Disposition", disposition);
	return web_bytes(rq, "application/octet-stream", buf_span(&bytes));
}

static enum err answer_preview(struct web_req *rq, const struct open_filing *w)
{
	struct attachment a;
	int64_t page;
	AUTO_BUF(bytes, RENDER_PAGE_BYTES_MAX);
	TRY(find(rq, w, &a));
	enum err e = text_i64(span_str(web_param(rq, "page")), a.media == MEDIA_PDF ? 1 : ATTACH_CLEAN, a.pages, &page);
	if (e != ERR_OK) {
		err_clear();
		return ERR(ABSENT, "page");
	}
	TRY(attach_bytes(w->d, &a, (int)page, &bytes));
	return web_bytes(rq, "image/jpeg", buf_span(&bytes));
}

enum err page_filing_attachment(struct web_req *rq)
{
	struct open_filing w;
	TRY(open_own(rq, &w));
	return answer_original(rq, &w);
}

enum err page_filing_preview(struct web_req *rq)
{
	struct open_filing w;
	TRY(open_own(rq, &w));
	return answer_preview(rq, &w);
}

enum err page_review_attachment(struct web_req *rq)
{
	struct open_filing w;
	TRY(open_review(rq, &w));
	return answer_original(rq, &w);
}

enum err page_review_preview(struct web_req *rq)
{
	struct open_filing w;
	TRY(open_review(rq, &w));
	return answer_preview(rq, &w);
}
