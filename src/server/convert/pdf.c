/* PDF pages as pictures. Nothing outside the document is looked for: no font, no character map, no file. */
#include "server/convert/render.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairo.h>
/* Files inside a document are refused, not read; their header uses a name that is banned here. */
#define __POPPLER_ATTACHMENT_H__
#include <poppler.h>

enum { PX = 3, QUALITY_PAGE = 82, POINTS_MAX = 14400 };

/* --- fonts: each in the document, characters by their own numbers ---
 * A second opinion on what pdf_drawn.c found: here a font that does not load is left out. */

static bool font_is_whole(PopplerFontsIter *i)
{
	PopplerFontType t = poppler_fonts_iter_get_font_type(i);
	const char *encoding = poppler_fonts_iter_get_encoding(i);
	bool cid = t >= POPPLER_FONT_TYPE_CID_TYPE0;
	bool own_map =
		encoding == NULL || !cid || strncmp(encoding, "Identity", 8) == 0 || strcmp(encoding, "Custom") == 0;
	return t == POPPLER_FONT_TYPE_TYPE3 || (poppler_fonts_iter_is_embedded(i) && own_map);
}

static enum err fonts_check(PopplerDocument *doc, int pages)
{
	PopplerFontInfo *info = poppler_font_info_new(doc);
	PopplerFontsIter *i = NULL;
	enum err e = ERR_OK;
	if (poppler_font_info_scan(info, pages, &i) && i != NULL) {
		do
			if (!font_is_whole(i))
				e = ERR(PDF_FONTS, "a font is not in the document");
		while (e == ERR_OK && poppler_fonts_iter_next(i));
	}
	if (i != NULL)
		poppler_fonts_iter_free(i);
	g_object_unref(info);
	return e;
}

/* --- one page --- */

static enum err pixels(cairo_surface_t *s, struct raster *ret_r)
{
	struct raster r;
	TRY(raster_new((unsigned)cairo_image_surface_get_width(s), (unsigned)cairo_image_surface_get_height(s), &r));
	cairo_surface_flush(s);
	const uint8_t *data = cairo_image_surface_get_data(s);
	int stride = cairo_image_surface_get_stride(s);
	for (unsigned y = 0; y < r.h; y++) {
		for (unsigned x = 0; x < r.w; x++) {
			uint32_t v;
			memcpy(&v, data + (size_t)y * (size_t)stride + (size_t)x * 4, 4);
			uint8_t *p = r.rgb + ((size_t)y * r.w + x) * PX;
			p[0] = (uint8_t)(v >> 16);
			p[1] = (uint8_t)(v >> 8);
			p[2] = (uint8_t)v;
		}
	}
	*ret_r = r;
	return ERR_OK;
}

static int side(double points, double scale)
{
	int v = (int)(points * scale + 0.5);
	return v < 1 ? 1 : v;
}

static enum err draw(PopplerPage *page, double w, double h, double scale, struct raster *ret_r)
{
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side(w, scale), side(h, scale));
	cairo_t *c = cairo_create(s);
	cairo_set_source_rgb(c, 1, 1, 1);
	cairo_paint(c);
	cairo_scale(c, scale, scale);
	poppler_page_render(page, c);
	enum err e = cairo_status(c) == CAIRO_STATUS_SUCCESS
	                     ? pixels(s, ret_r)
	                     : ERR(PDF_DAMAGED, "%s", cairo_status_to_string(cairo_status(c)));
	cairo_destroy(c);
	cairo_surface_destroy(s);
	return e;
}

static enum err page_put(PopplerPage *page, unsigned number, const struct render_limits *l,
                         const struct render_sink *sink)
{
	double w = 0, h = 0;
	struct raster r = {0};
	poppler_page_get_size(page, &w, &h);
	double longer = w > h ? w : h;
	/* Not a number fails this too. */
	if (!(w >= 1 && h >= 1 && longer <= POINTS_MAX))
		return ERR(PDF_DAMAGED, "page %u of no usable size", number);
	enum err e = draw(page, w, h, (l->preview - 1) / longer, &r);
	if (e == ERR_OK)
		e = raster_page(&r, number, QUALITY_PAGE, sink);
	raster_done(&r);
	return e;
}

/* --- all --- */

static enum err pages_put(PopplerDocument *doc, unsigned pages, const struct render_limits *l,
                          const struct render_sink *sink)
{
	const struct render_head h = {MEDIA_PDF, 0, 0, pages};
	TRY(sink->head(sink->ctx, &h));
	for (unsigned i = 0; i < pages; i++) {
		PopplerPage *page = poppler_document_get_page(doc, (int)i);
		if (page == NULL)
			return ERR(PDF_DAMAGED, "page %u", i + 1);
		enum err e = page_put(page, i + 1, l, sink);
		g_object_unref(page);
		TRY(e);
	}
	return ERR_OK;
}

static enum err document_put(PopplerDocument *doc, const struct render_limits *l, const struct render_sink *sink)
{
	int n = poppler_document_get_n_pages(doc);
	if (n < 1 || (unsigned)n > l->pages)
		return ERR(PDF_PAGES, "%d pages", n);
	/* The other parser found none; they read the same octets in their own ways. */
	if (poppler_document_has_javascript(doc) || poppler_document_has_attachments(doc))
		return ERR(PDF_ACTIVE, "scripts or files");
	TRY(fonts_check(doc, n));
	return pages_put(doc, (unsigned)n, l, sink);
}

enum err pdf_read(struct span file, const struct render_limits *l, const struct render_sink *sink)
{
	TRY(pdf_check(file, l->pages));
	GError *error = NULL;
	GBytes *bytes = g_bytes_new_static(file.ptr, file.len);
	PopplerDocument *doc = poppler_document_new_from_bytes(bytes, NULL, &error);
	enum err e = doc != NULL ? document_put(doc, l, sink)
	                         : ERR(PDF_DAMAGED, "%s", error != NULL ? error->message : "unreadable");
	if (doc != NULL)
		g_object_unref(doc);
	g_bytes_unref(bytes);
	g_clear_error(&error);
	return e;
}

static void say_nothing(const char *domain, GLogLevelFlags level, const char *text, void *ctx)
{
	(void)domain, (void)level, (void)text, (void)ctx;
}

void pdf_prepare(void)
{
	(void)g_log_set_default_handler(say_nothing, NULL);
	(void)poppler_get_version();
}
