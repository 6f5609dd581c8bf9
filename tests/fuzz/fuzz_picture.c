/* Pictures and documents as a filer may send them: no crash, and what is drawn has the shape that the other end insists
 * on. The first octets decide, so one target reaches both parsers. */
#include "server/convert/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Caches that the drawing libraries keep to the end; the program that uses them does one job. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libpoppler\nleak:libcairo\nleak:libglib\n";
}

/* Small, so that a run spends its time in the parsers. */
static const struct render_limits limits = {1u << 20, 4000, 200, 100, 3, 1u << 20};

static enum err on_head(void *ctx, const struct render_head *h)
{
	(void)ctx;
	INVARIANT(h->pages >= 1 && h->pages <= limits.pages && h->width <= limits.side && h->height <= limits.side);
	return ERR_OK;
}

static enum err on_page(void *ctx, const struct page *p)
{
	(void)ctx;
	INVARIANT(p->width <= limits.large && p->height <= limits.large && jpeg_check(p->jpeg, p->width, p->height));
	return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct render_sink sink = {on_head, on_page, NULL};
	struct span s = span_of(data, size);
	enum media m;
	bool pdf = media_of(s, &m) && m == MEDIA_PDF;
	enum err e = pdf ? pdf_read(s, &limits, &sink) : picture_read(s, &limits, &sink);
	INVARIANT(e == ERR_OK || e == ERR_NOMEM ||
	          (pdf ? e >= ERR_PDF_NOT && e <= ERR_PDF_FONTS : e >= ERR_PICTURE_NOT && e <= ERR_PICTURE_LIMIT));
	(void)exif_orientation(s);
	err_clear();
	return 0;
}
