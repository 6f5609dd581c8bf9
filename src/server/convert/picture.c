/* JPEG and PNG to pixels, fully, under limits that are checked before the memory is taken. */
#include "server/convert/render.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

enum { SCANS_MAX = 100, APP1_MAX = 65533, PX = 3, QUALITY_LARGE = 88, QUALITY_PREVIEW = 80 };

static enum err sides_check(uint64_t w, uint64_t h, const struct render_limits *l)
{
	if (w == 0 || h == 0)
		return ERR(PICTURE_DAMAGED, "picture without pixels");
	if (w > l->side || h > l->side || w * h > l->pixels)
		return ERR(PICTURE_LIMIT, "%llu by %llu pixels", (unsigned long long)w, (unsigned long long)h);
	return ERR_OK;
}

/* --- PNG: the library's simple interface expands every kind to what is asked for --- */

static enum err png_decode(png_image *image, struct raster *r)
{
	static const png_color white = {255, 255, 255};
	if (!png_image_finish_read(image, &white, r->rgb, (png_int_32)(r->w * PX), NULL))
		return ERR(PICTURE_DAMAGED, "%s", image->message);
	return ERR_OK;
}

static enum err png_open(struct span file, const struct render_limits *l, struct raster *ret_r)
{
	struct raster r = {0};
	png_image image = {.version = PNG_IMAGE_VERSION};
	if (!png_image_begin_read_from_memory(&image, file.ptr, file.len))
		return ERR(PICTURE_DAMAGED, "%s", image.message);
	enum err e = sides_check(image.width, image.height, l);
	if (e == ERR_OK)
		e = raster_new(image.width, image.height, &r);
	image.format = PNG_FORMAT_RGB;
	image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* as everybody shows them */
	if (e == ERR_OK)
		e = png_decode(&image, &r);
	png_image_free(&image);
	if (e != ERR_OK) {
		raster_done(&r);
		return e;
	}
	*ret_r = r;
	return ERR_OK;
}

/* --- JPEG --- */

struct reader {
	struct jpeg_decompress_struct d;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf jump;
	const struct render_limits *limits;
	struct raster out;
	uint8_t *row; /* of four inks */
	unsigned orientation;
	enum err e;
	char why[JMSG_LENGTH_MAX];
};

static struct reader *reader_of(j_common_ptr c)
{
	return c->client_data;
}

static void failed(j_common_ptr c)
{
	struct reader *r = reader_of(c);
	(*c->err->format_message)(c, r->why);
	longjmp(r->jump, 1);
}

/* The library mends what is broken and only warns: a file that ends early comes out grey. Rests between segments and
 * odd version numbers are harmless and common. */
static void warned(j_common_ptr c, int level)
{
	int code = c->err->msg_code;
	bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR;
	if (level < 0 && !harmless)
		failed(c);
}

static void silent(j_common_ptr c)
{
	(void)c;
}

/* A progressive file may repeat scans without end, each of which costs the whole picture. */
static void progressed(j_common_ptr c)
{
	struct reader *r = reader_of(c);
	if (r->d.input_scan_number > SCANS_MAX) {
		r->e = ERR(PICTURE_LIMIT, "more than %d scans", SCANS_MAX);
		longjmp(r->jump, 1);
	}
}

static void find_orientation(struct reader *r)
{
	for (jpeg_saved_marker_ptr m = r->d.marker_list; m != NULL && r->orientation == 1; m = m->next)
		r->orientation = exif_orientation(span_of(m->data, m->data_length));
}

/* Adobe stores inks inverted, 255 is none; others the plain way. */
static void inks_to_rgb(const struct reader *r, uint8_t *rgb)
{
	bool inverted = r->d.saw_Adobe_marker;
	for (unsigned x = 0; x < r->d.output_width; x++) {
		const uint8_t *p = r->row + (size_t)x * 4;
		unsigned k = inverted ? p[3] : 255u - p[3];
		for (unsigned c = 0; c < PX; c++)
			rgb[(size_t)x * PX + c] = (uint8_t)((inverted ? p[c] : 255u - p[c]) * k / 255);
	}
}

static void jpeg_rows(struct reader *r)
{
	while (r->d.output_scanline < r->d.output_height) {
		uint8_t *rgb = r->out.rgb + (size_t)r->d.output_scanline * r->out.w * PX;
		JSAMPROW row = r->row != NULL ? r->row : rgb;
		(void)jpeg_read_scanlines(&r->d, &row, 1);
		if (r->row != NULL)
			inks_to_rgb(r, rgb);
	}
}

static enum err jpeg_room(struct reader *r)
{
	bool inks = r->d.jpeg_color_space == JCS_CMYK || r->d.jpeg_color_space == JCS_YCCK;
	TRY(sides_check(r->d.image_width, r->d.image_height, r->limits));
	TRY(raster_new(r->d.image_width, r->d.image_height, &r->out));
	r->d.out_color_space = inks ? JCS_CMYK : JCS_RGB;
	r->row = inks ? malloc((size_t)r->out.w * 4) : NULL;
	return inks && r->row == NULL ? ERR(NOMEM, "picture row") : ERR_OK;
}

static enum err jpeg_decode(struct reader *r, struct span file)
{
	if (setjmp(r->jump) != 0)
		return r->e != ERR_OK ? r->e : ERR(PICTURE_DAMAGED, "%s", r->why);
	jpeg_create_decompress(&r->d);
	r->d.progress = &r->progress;
	jpeg_mem_src(&r->d, file.ptr, file.len);
	jpeg_save_markers(&r->d, JPEG_APP0 + 1, APP1_MAX);
	(void)jpeg_read_header(&r->d, TRUE);
	find_orientation(r);
	TRY(jpeg_room(r));
	(void)jpeg_start_decompress(&r->d);
	jpeg_rows(r);
	(void)jpeg_finish_decompress(&r->d);
	return ERR_OK;
}

static enum err jpeg_open(struct span file, const struct render_limits *l, struct raster *ret_r,
                          unsigned *ret_orientation)
{
	struct reader *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return ERR(NOMEM, "picture reader");
	r->limits = l;
	r->orientation = 1;
	r->d.err = jpeg_std_error(&r->errors);
	r->d.client_data = r;
	r->errors.error_exit = failed;
	r->errors.emit_message = warned;
	r->errors.output_message = silent;
	r->progress.progress_monitor = progressed;
	enum err e = jpeg_decode(r, file);
	if (e == ERR_OK) {
		*ret_orientation = r->orientation;
		*ret_r = r->out;
		r->out.rgb = NULL;
	}
	jpeg_destroy_decompress(&r->d);
	raster_done(&r->out);
	free(r->row);
	free(r);
	return e;
}

/* --- both --- */

static enum err put_page(const struct raster *from, unsigned orientation, unsigned number,
                         const struct render_limits *l, const struct render_sink *sink)
{
	struct raster small = {0}, upright = {0};
	enum err e = raster_fit(from, number == 0 ? l->large : l->preview, &small);
	if (e == ERR_OK)
		e = raster_turn(&small, orientation, &upright);
	raster_done(&small);
	if (e == ERR_OK)
		e = raster_page(&upright, number, number == 0 ? QUALITY_LARGE : QUALITY_PREVIEW, sink);
	raster_done(&upright);
	return e;
}

static enum err put_all(const struct raster *r, enum media m, unsigned orientation, const struct render_limits *l,
                        const struct render_sink *sink)
{
	bool swap = orientation >= 5;
	const struct render_head h = {m, swap ? r->h : r->w, swap ? r->w : r->h, 1};
	TRY(sink->head(sink->ctx, &h));
	TRY(put_page(r, orientation, 0, l, sink));
	return put_page(r, orientation, 1, l, sink);
}

enum err picture_read(struct span file, const struct render_limits *l, const struct render_sink *sink)
{
	enum media m;
	struct raster r = {0};
	unsigned orientation = 1;
	if (!media_of(file, &m) || m == MEDIA_PDF)
		return ERR(PICTURE_NOT, "first octets of no picture");
	TRY(m == MEDIA_PNG ? png_open(file, l, &r) : jpeg_open(file, l, &r, &orientation));
	enum err e = put_all(&r, m, orientation, l, sink);
	raster_done(&r);
	return e;
}
