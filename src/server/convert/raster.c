/* Pixels: smaller, upright, and out again as a JPEG that holds nothing but pixels. */
#include "server/convert/render.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { PX = 3, QUALITY_STEP = 15, QUALITY_LEAST = 40 };

enum err raster_new(unsigned w, unsigned h, struct raster *ret_r)
{
	uint8_t *rgb = calloc((size_t)w * h, PX);
	if (rgb == NULL)
		return ERR(NOMEM, "picture of %u by %u", w, h);
	*ret_r = (struct raster){w, h, rgb};
	return ERR_OK;
}

void raster_done(struct raster *r)
{
	free(r->rgb);
	r->rgb = NULL;
}

/* --- smaller --- */

static unsigned scaled(unsigned side, unsigned longer, unsigned max_side)
{
	unsigned v = (unsigned)(((uint64_t)side * max_side + longer / 2) / longer);
	return v > 0 ? v : 1;
}

/* One row of the result: the mean of the rows and columns it covers. */
static void mean_row(const struct raster *from, const struct raster *to, unsigned y, uint64_t *sum)
{
	unsigned y0 = (unsigned)((uint64_t)y * from->h / to->h), y1 = (unsigned)(((uint64_t)y + 1) * from->h / to->h);
	y1 = y1 > y0 ? y1 : y0 + 1;
	for (unsigned x = 0; x < to->w; x++) {
		unsigned x0 = (unsigned)((uint64_t)x * from->w / to->w),
			 x1 = (unsigned)(((uint64_t)x + 1) * from->w / to->w);
		x1 = x1 > x0 ? x1 : x0 + 1;
		memset(sum, 0, PX * sizeof(*sum));
		for (unsigned sy = y0; sy < y1; sy++) {
			const uint8_t *p = from->rgb + ((size_t)sy * from->w + x0) * PX;
			for (unsigned sx = x0; sx < x1; sx++, p += PX)
				for (int c = 0; c < PX; c++)
					sum[c] += p[c];
		}
		uint64_t n = (uint64_t)(x1 - x0) * (y1 - y0);
		for (int c = 0; c < PX; c++)
			to->rgb[((size_t)y * to->w + x) * PX + (size_t)c] = (uint8_t)((sum[c] + n / 2) / n);
	}
}

enum err raster_fit(const struct raster *from, unsigned max_side, struct raster *ret_r)
{
	struct raster r;
	uint64_t sum[PX];
	unsigned longer = from->w > from->h ? from->w : from->h;
	bool fits = longer <= max_side;
	TRY(raster_new(fits ? from->w : scaled(from->w, longer, max_side),
	               fits ? from->h : scaled(from->h, longer, max_side), &r));
	if (fits)
		memcpy(r.rgb, from->rgb, (size_t)r.w * r.h * PX);
	for (unsigned y = 0; y < r.h && !fits; y++)
		mean_row(from, &r, y, sum);
	*ret_r = r;
	return ERR_OK;
}

/* --- upright (Exif 2.3, 4.6.4, tag 274): where row 0 and column 0 of the stored picture lie --- */

enum err raster_turn(const struct raster *from, unsigned orientation, struct raster *ret_r)
{
	struct raster r;
	bool swap = orientation >= 5;
	bool flip_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
	bool flip_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
	TRY(raster_new(swap ? from->h : from->w, swap ? from->w : from->h, &r));
	for (unsigned y = 0; y < r.h; y++)
		for (unsigned x = 0; x < r.w; x++) {
			unsigned tx = flip_x ? r.w - 1 - x : x, ty = flip_y ? r.h - 1 - y : y;
			unsigned sx = swap ? ty : tx, sy = swap ? tx : ty;
			memcpy(r.rgb + ((size_t)y * r.w + x) * PX, from->rgb + ((size_t)sy * from->w + sx) * PX, PX);
		}
	*ret_r = r;
	return ERR_OK;
}

/* --- out --- */

struct writer {
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr errors;
	jmp_buf jump;
	unsigned char *mem;
	unsigned long len;
};

static void failed(j_common_ptr c)
{
	longjmp(((struct writer *)c->client_data)->jump, 1);
}

static void silent(j_common_ptr c)
{
	(void)c;
}

static bool write_jpeg(struct writer *w, const struct raster *r, int quality)
{
	w->c.err = jpeg_std_error(&w->errors);
	w->errors.error_exit = failed;
	w->errors.output_message = silent;
	w->c.client_data = w;
	if (setjmp(w->jump) != 0)
		return false;
	jpeg_create_compress(&w->c);
	jpeg_mem_dest(&w->c, &w->mem, &w->len);
	w->c.image_width = r->w;
	w->c.image_height = r->h;
	w->c.input_components = PX;
	w->c.in_color_space = JCS_RGB;
	jpeg_set_defaults(&w->c);
	jpeg_set_quality(&w->c, quality, TRUE);
	jpeg_start_compress(&w->c, TRUE);
	while (w->c.next_scanline < r->h) {
		JSAMPROW row = r->rgb + (size_t)w->c.next_scanline * r->w * PX;
		(void)jpeg_write_scanlines(&w->c, &row, 1);
	}
	jpeg_finish_compress(&w->c);
	return true;
}

static enum err put_jpeg(const struct raster *r, int quality, struct buf *out, bool *ret_fits)
{
	struct writer *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return ERR(NOMEM, "picture writer");
	w->c.client_data = w;
	bool ok = write_jpeg(w, r, quality);
	*ret_fits = w->len <= RENDER_PAGE_BYTES_MAX;
	if (ok && *ret_fits)
		buf_put(out, span_of(w->mem, w->len));
	jpeg_destroy_compress(&w->c);
	if (ok) /* else the library may have freed it already for a longer one, and has not said where that is */
		free(w->mem);
	free(w);
	return ok ? buf_err(out) : ERR(NOMEM, "picture of %u by %u", r->w, r->h);
}

enum err raster_jpeg(const struct raster *r, int quality, struct buf *out)
{
	bool fits = false;
	for (int q = quality; q >= QUALITY_LEAST; q -= QUALITY_STEP) {
		TRY(put_jpeg(r, q, out, &fits));
		if (fits)
			return ERR_OK;
	}
	return ERR(PICTURE_LIMIT, "picture does not get small enough");
}

enum err raster_page(const struct raster *r, unsigned number, int quality, const struct render_sink *sink)
{
	AUTO_BUF(jpeg, RENDER_PAGE_BYTES_MAX);
	TRY(raster_jpeg(r, quality, &jpeg));
	const struct page p = {number, r->w, r->h, buf_span(&jpeg)};
	return sink->page(sink->ctx, &p);
}
