/* The answer of a picture or document job: written by the one end, distrusted by the other. */
#include "server/convert/render.h"
#include <stdio.h>
#include <string.h>

enum { CODE_LEN = 5, DETAIL_MAX = 200, HEAD_LEN = 11, PAGE_HEAD_LEN = 6, SIDE_MAX = 65500 };

/* --- writing --- */

static void frame(struct buf *out, char kind, size_t len)
{
	buf_u8(out, (uint8_t)kind);
	buf_u32(out, (uint32_t)len);
}

enum err frame_put_head(struct buf *out, const struct render_head *h)
{
	frame(out, 'H', HEAD_LEN);
	buf_u8(out, (uint8_t)h->media);
	buf_u32(out, h->width);
	buf_u32(out, h->height);
	buf_u16(out, (uint16_t)h->pages);
	return buf_err(out);
}

enum err frame_put_page(struct buf *out, const struct page *p)
{
	INVARIANT(p->jpeg.len <= RENDER_PAGE_BYTES_MAX && p->width <= SIDE_MAX && p->height <= SIDE_MAX);
	frame(out, 'P', PAGE_HEAD_LEN + p->jpeg.len);
	buf_u16(out, (uint16_t)p->number);
	buf_u16(out, (uint16_t)p->width);
	buf_u16(out, (uint16_t)p->height);
	buf_put(out, p->jpeg);
	return buf_err(out);
}

enum err frame_put_end(struct buf *out, unsigned pages)
{
	frame(out, 'E', 2);
	buf_u16(out, (uint16_t)pages);
	return buf_err(out);
}

enum err frame_put_refused(struct buf *out, enum err e, const char *detail)
{
	struct span text = span_sub(span_str(detail), 0, DETAIL_MAX);
	INVARIANT(strlen(err_code(e)) == CODE_LEN);
	frame(out, 'R', CODE_LEN + text.len);
	buf_str(out, err_code(e));
	buf_put(out, text);
	return buf_err(out);
}

/* --- reading --- */

struct parse {
	const struct render_limits *limits;
	struct rendering *r;
	bool pdf, headed, ended;
};

static enum err take_head(struct parse *p, struct span s)
{
	uint8_t media;
	uint32_t w, h;
	uint16_t pages;
	if (p->headed || s.len != HEAD_LEN || !span_take_u8(&s, &media) || !span_take_u32(&s, &w) ||
	    !span_take_u32(&s, &h) || !span_take_u16(&s, &pages))
		return ERR(CONVERT, "head that is none");
	bool picture = !p->pdf && (media == MEDIA_JPEG || media == MEDIA_PNG) && pages == 1 && w > 0 && h > 0 &&
	               w <= p->limits->side && h <= p->limits->side && (uint64_t)w * h <= p->limits->pixels;
	bool document = p->pdf && media == MEDIA_PDF && w == 0 && h == 0 && pages > 0 && pages <= p->limits->pages &&
	                pages <= RENDER_PAGES_MAX;
	if (!picture && !document)
		return ERR(CONVERT, "head of kind %u, %u by %u, %u pages", media, w, h, pages);
	p->headed = true;
	p->r->head = (struct render_head){(enum media)media, w, h, pages};
	return ERR_OK;
}

static unsigned page_due(const struct parse *p)
{
	return (unsigned)p->r->n + (p->pdf ? 1 : 0);
}

static unsigned pages_in_all(const struct parse *p)
{
	return p->pdf ? p->r->head.pages : 2;
}

static enum err take_page(struct parse *p, struct span s)
{
	uint16_t number, w, h;
	struct rendering *r = p->r;
	if (!p->headed || r->n >= pages_in_all(p) || !span_take_u16(&s, &number) || !span_take_u16(&s, &w) ||
	    !span_take_u16(&s, &h) || number != page_due(p))
		return ERR(CONVERT, "page out of place");
	unsigned most = number == 0 ? p->limits->large : p->limits->preview;
	if (w == 0 || h == 0 || w > most || h > most || s.len > RENDER_PAGE_BYTES_MAX || !jpeg_check(s, w, h))
		return ERR(CONVERT, "page %u is not such a picture", number);
	r->v[r->n].number = number;
	r->v[r->n].width = w;
	r->v[r->n].height = h;
	r->v[r->n].at = r->bytes.len;
	r->v[r->n].len = s.len;
	r->n++;
	buf_put(&r->bytes, s);
	return buf_err(&r->bytes);
}

static enum err take_end(struct parse *p, struct span s)
{
	uint16_t n;
	if (!p->headed || !span_take_u16(&s, &n) || s.len != 0 || n != p->r->n || n != pages_in_all(p))
		return ERR(CONVERT, "end that disagrees with the pages");
	p->ended = true;
	return ERR_OK;
}

/* Only what such a file can be refused for; and text that a log can hold. */
static enum err take_refused(const struct parse *p, struct span s)
{
	struct span code;
	char name[CODE_LEN + 1] = "", detail[DETAIL_MAX + 1] = "";
	if (s.len > CODE_LEN + DETAIL_MAX || !span_take(&s, CODE_LEN, &code))
		return ERR(CONVERT, "refusal that is none");
	(void)snprintf(name, sizeof(name), "%.*s", (int)code.len, (const char *)code.ptr);
	for (size_t i = 0; i < s.len; i++)
		detail[i] = s.ptr[i] >= ' ' && s.ptr[i] < 0x7f ? (char)s.ptr[i] : '?';
	enum err e = err_from_code(name);
	bool known = p->pdf ? e >= ERR_PDF_NOT && e <= ERR_PDF_FORM : e >= ERR_PICTURE_NOT && e <= ERR_PICTURE_LIMIT;
	return known ? err_raise(e, __FILE__, __LINE__, "%s", detail) : ERR(CONVERT, "refused with %s", err_name(e));
}

static enum err take(struct parse *p, uint8_t kind, struct span body)
{
	switch (kind) {
	case 'H':
		return take_head(p, body);
	case 'P':
		return take_page(p, body);
	case 'E':
		return take_end(p, body);
	case 'R':
		return take_refused(p, body);
	default:
		return ERR(CONVERT, "frame of an unknown kind");
	}
}

enum err rendering_parse(struct span answer, bool pdf, const struct render_limits *limits, struct rendering *r)
{
	struct parse p = {limits, r, pdf, false, false};
	r->n = 0;
	buf_clear(&r->bytes);
	while (answer.len > 0) {
		uint8_t kind;
		uint32_t len;
		struct span body;
		if (p.ended || !span_take_u8(&answer, &kind) || !span_take_u32(&answer, &len) ||
		    !span_take(&answer, len, &body))
			return ERR(CONVERT, "answer that is not whole");
		TRY(take(&p, kind, body));
	}
	return p.ended ? ERR_OK : ERR(CONVERT, "the process ended without an answer");
}
