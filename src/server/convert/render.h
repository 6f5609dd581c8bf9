/* Pictures and PDF documents from outside, as pictures of ours: what an officer looks at is drawn here and was never
 * the filer's file. Runs in yinxin-convert only (picture_read, pdf_read, raster_*); the answer's shape and its check
 * (jpeg_check, rendering_*) belong to both ends.
 *
 * A picture (JPEG, PNG) gives page 0, the picture itself upright, without metadata, at most `large` on its longer side,
 * and page 1, its preview. A document gives pages 1..n. All of them are baseline JPEG. Anything transparent lies on
 * white. Errors: ERR_PICTURE_*, ERR_PDF_*; a PDF is refused when it is encrypted, needs repair, acts (scripts,
 * launching, files inside) or leaves a font, a character map or the picture of a form's value to the reader's computer:
 * nothing is looked for there, so that what is shown is what is in the file. */
#pragma once
#include "base/buf.h"

struct render_limits {
	unsigned pixels, side;   /* of the decoded picture */
	unsigned large, preview; /* longer sides of what is made */
	unsigned pages;
	unsigned input_bytes;
};
#define RENDER_LIMITS_DEFAULT ((struct render_limits){40000000, 12000, 3000, 1200, 50, 5u << 20})
enum {
	RENDER_PAGES_MAX = 50,
	RENDER_PAGE_BYTES_MAX = 4 << 20,
	RENDER_BYTES_MAX = 32 << 20,
	RENDER_INPUT_MAX = 16 << 20
};

enum media { MEDIA_JPEG = 1, MEDIA_PNG, MEDIA_PDF };
const char *media_type(enum media m);               /* "image/jpeg" */
bool media_of(struct span file, enum media *ret_m); /* by its first octets; says nothing of the rest */

struct page {
	unsigned number, width, height;
	struct span jpeg;
};
struct render_head {
	enum media media;
	unsigned width, height; /* upright; 0, 0 for documents */
	unsigned pages;         /* of the document; 1 for pictures */
};
struct render_sink {
	enum err (*head)(void *ctx, const struct render_head *h);
	enum err (*page)(void *ctx, const struct page *p);
	void *ctx;
};
enum err picture_read(struct span file, const struct render_limits *limits, const struct render_sink *sink) MUST_CHECK;
enum err pdf_read(struct span file, const struct render_limits *limits, const struct render_sink *sink) MUST_CHECK;
/* structure only: all objects, every key; fonts, forms */
enum err pdf_check(struct span file, unsigned pages_max) MUST_CHECK;
/* Loads what would open a file later; before the filter. */
void pdf_prepare(void);

/* --- pixels: 3 octets each, rows without gaps --- */
struct raster {
	unsigned w, h;
	uint8_t *rgb; /* owned */
};
enum err raster_new(unsigned w, unsigned h, struct raster *ret_r) MUST_CHECK;
void raster_done(struct raster *r);
/* Smaller by averaging until the longer side is max_side; a copy when it is already. */
enum err raster_fit(const struct raster *from, unsigned max_side, struct raster *ret_r) MUST_CHECK;
/* EXIF: 1 to 8 */
enum err raster_turn(const struct raster *from, unsigned orientation, struct raster *ret_r) MUST_CHECK;
/* Baseline JPEG, no metadata, at lower quality when it would not fit RENDER_PAGE_BYTES_MAX. */
enum err raster_jpeg(const struct raster *r, int quality, struct buf *out) MUST_CHECK;
enum err raster_page(const struct raster *r, unsigned number, int quality, const struct render_sink *sink) MUST_CHECK;
/* Orientation of an APP1 segment's payload; 1 when it says none. */
unsigned exif_orientation(struct span app1);

/* --- the answer --- */
struct rendering {
	struct render_head head;
	struct {
		unsigned number, width, height;
		size_t at, len;
	} v[RENDER_PAGES_MAX + 1];
	size_t n;
	struct buf bytes; /* owned: buf_done */
};
/* Exactly what raster_jpeg writes: SOI, JFIF, tables, one baseline frame of these sides, one scan, EOI and no octet
 * more. */
bool jpeg_check(struct span jpeg, unsigned width, unsigned height);

/* Frames: u8 kind, u32 length, payload; big-endian. "H" head, "P" page, "E" end (u16 pages sent), "R" refused (5
 * characters of the code, detail). Page 0 then 1 for pictures, 1..n for documents. */
enum { FRAME_HEAD_LEN = 5 };
enum err frame_put_head(struct buf *out, const struct render_head *h) MUST_CHECK;
enum err frame_put_page(struct buf *out, const struct page *p) MUST_CHECK;
enum err frame_put_end(struct buf *out, unsigned pages) MUST_CHECK;
enum err frame_put_refused(struct buf *out, enum err e, const char *detail) MUST_CHECK;
/* The whole answer, believed in nothing. r->bytes must have been given its maximum (RENDER_BYTES_MAX). ERR_CONVERT, or
 * the refusal's. `pdf`: a document was asked for. */
enum err rendering_parse(struct span answer, bool pdf, const struct render_limits *limits,
                         struct rendering *r) MUST_CHECK;
