#include "files.h"
#include <qpdf/qpdf-c.h>

#include <jpeglib.h>
#include <png.h>

/* Caches that the drawing libraries keep to the end; the program that uses them does one job. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libpoppler\nleak:libcairo\nleak:libglib\n";
}

/* --- PNG --- */

static void to_buf(png_structp png, png_bytep data, png_size_t n)
{
	buf_put(png_get_io_ptr(png), span_of(data, n));
}

static void no_flush(png_structp png)
{
	(void)png;
}

static void pixel(unsigned x, unsigned y, unsigned w, unsigned h, uint8_t rgb[3])
{
	bool upper = y < h / 3;
	rgb[0] = x < w / 2 ? 220 : upper ? 90 : 10;
	rgb[1] = upper ? 90 : 10;
	rgb[2] = x < w / 2 ? (upper ? 90 : 10) : 220;
}

static size_t png_row(enum png_kind kind, unsigned y, unsigned w, unsigned h, uint8_t *row)
{
	size_t n = 0;
	for (unsigned x = 0; x < w; x++) {
		uint8_t rgb[3];
		pixel(x, y, w, h, rgb);
		switch (kind) {
		case PNG_GREY16:
			row[n++] = rgb[0], row[n++] = 77;
			break;
		case PNG_RGBA16:
			for (int c = 0; c < 3; c++)
				row[n++] = rgb[c], row[n++] = 1;
			row[n++] = y < h / 2 ? 255 : 0, row[n++] = y < h / 2 ? 255 : 0;
			break;
		case PNG_PALETTE:
			row[n++] = x < w / 2;
			break;
		default:
			memcpy(row + n, rgb, 3);
			n += 3;
		}
	}
	return n;
}

void file_png(unsigned w, unsigned h, enum png_kind kind, struct buf *out)
{
	static const int colors[] = {PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGBA, PNG_COLOR_TYPE_RGB,
	                             PNG_COLOR_TYPE_PALETTE};
	static const png_color palette[] = {{10, 10, 220}, {220, 10, 10}};
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	uint8_t *row = calloc(w, 8);
	png_set_write_fn(png, out, to_buf, no_flush);
	png_set_user_limits(png, 100000, 100000);
	png_set_compression_level(png, 9);
	png_set_IHDR(png, info, w, h, kind == PNG_GREY16 || kind == PNG_RGBA16 ? 16 : 8, colors[kind],
	             kind == PNG_INTERLACED ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	             PNG_FILTER_TYPE_DEFAULT);
	if (kind == PNG_PALETTE)
		png_set_PLTE(png, info, palette, 2);
	png_write_info(png, info);
	int passes = png_set_interlace_handling(png);
	for (int p = 0; p < passes; p++)
		for (unsigned y = 0; y < h; y++) {
			(void)png_row(kind, y, w, h, row);
			png_write_row(png, row);
		}
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	free(row);
	assert_int_equal(buf_err(out), ERR_OK);
}

/* --- JPEG --- */

static void put_exif(struct jpeg_compress_struct *c, unsigned orientation)
{
	uint8_t app[] = "Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\0\0\0\0\0\0\0";
	app[25] = (uint8_t)orientation;
	jpeg_write_marker(c, JPEG_APP0 + 1, app, 32);
}

void file_jpeg(unsigned w, unsigned h, enum jpeg_kind kind, unsigned orientation, struct buf *out)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr errors;
	unsigned char *mem = NULL;
	unsigned long len = 0;
	int n = kind == JPG_GREY ? 1 : kind == JPG_CMYK ? 4 : 3;
	uint8_t *row = calloc(w, 4);
	c.err = jpeg_std_error(&errors);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &mem, &len);
	c.image_width = w;
	c.image_height = h;
	c.input_components = n;
	c.in_color_space = n == 1 ? JCS_GRAYSCALE : n == 4 ? JCS_CMYK : JCS_RGB;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, 95, TRUE);
	if (kind == JPG_PROGRESSIVE)
		jpeg_simple_progression(&c);
	jpeg_start_compress(&c, TRUE);
	if (orientation > 0)
		put_exif(&c, orientation);
	for (unsigned y = 0; y < h; y++) {
		for (unsigned x = 0; x < w; x++) {
			uint8_t rgb[3];
			pixel(x, y, w, h, rgb);
			memcpy(row + (size_t)x * (size_t)n, rgb, n == 1 ? 1 : 3);
			if (n == 4) /* as Adobe does: 255 is no ink */
				row[(size_t)x * 4 + 3] = 255;
		}
		(void)jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	buf_put(out, span_of(mem, len));
	free(mem);
	free(row);
	assert_int_equal(buf_err(out), ERR_OK);
}

/* --- PDF --- */

enum { OBJECTS_MAX = 400, MORE_FROM = 300 };

struct pdf {
	struct buf *out;
	size_t at[OBJECTS_MAX];
	size_t last;
};

static void object(struct pdf *p, size_t n, const char *text)
{
	p->at[n] = p->out->len;
	p->last = n > p->last ? n : p->last;
	buf_printf(p->out, "%zu 0 obj\n%s\nendobj\n", n, text);
}

static void pdf_page(struct pdf *p, const struct pdf_parts *parts, unsigned i)
{
	const char *content = parts->content != NULL ? parts->content : "0.1 0.3 0.6 rg 60 700 300 60 re f";
	AUTO_BUF(text, 1 << 16);
	buf_printf(&text, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %u 0 R%s>>", 4 + 2 * i,
	           parts->page != NULL ? parts->page : "/Resources<<>>");
	object(p, 3 + 2 * i, buf_cstr(&text));
	buf_clear(&text);
	buf_printf(&text, "<</Length %zu>>\nstream\n%s\nendstream", strlen(content), content);
	object(p, 4 + 2 * i, buf_cstr(&text));
}

void file_pdf(const struct pdf_parts *parts, struct buf *out)
{
	struct pdf p = {.out = out};
	AUTO_BUF(text, 1 << 16);
	buf_str(out, "%PDF-1.4\n");
	buf_printf(&text, "<</Type/Catalog/Pages 2 0 R%s>>", parts->catalog != NULL ? parts->catalog : "");
	object(&p, 1, buf_cstr(&text));
	buf_clear(&text);
	buf_printf(&text, "<</Type/Pages/Count %u/Kids[", parts->pages);
	for (unsigned i = 0; i < parts->pages; i++)
		buf_printf(&text, "%u 0 R ", 3 + 2 * i);
	buf_str(&text, "]>>");
	object(&p, 2, buf_cstr(&text));
	for (unsigned i = 0; i < parts->pages; i++)
		pdf_page(&p, parts, i);
	for (size_t i = 0; i < COUNT_OF(parts->more) && parts->more[i] != NULL; i++)
		object(&p, MORE_FROM + i, parts->more[i]);
	size_t xref = out->len;
	buf_printf(out, "xref\n0 %zu\n0000000000 65535 f \n", p.last + 1);
	for (size_t i = 1; i <= p.last; i++)
		buf_printf(out, "%010zu %05d %c \n", p.at[i], 0, p.at[i] > 0 ? 'n' : 'f');
	buf_printf(out, "trailer\n<</Size %zu/Root 1 0 R%s>>\nstartxref\n%zu\n%%%%EOF\n", p.last + 1,
	           parts->trailer != NULL ? parts->trailer : "", xref);
	assert_int_equal(buf_err(out), ERR_OK);
}

void file_lock(struct span pdf, int kind, const char *user, struct buf *out)
{
	qpdf_data q = qpdf_init();
	assert_int_equal(qpdf_read_memory(q, "plain", (const char *)pdf.ptr, pdf.len, NULL), QPDF_SUCCESS);
	assert_int_equal(qpdf_init_write_memory(q), QPDF_SUCCESS);
	if (kind == 0)
		qpdf_set_r3_encryption_parameters_insecure(q, user, "owner", 1, 1, 0, 0, 0, 0, qpdf_r3p_none);
	else if (kind == 1)
		qpdf_set_r4_encryption_parameters_insecure(q, user, "owner", 1, 1, 0, 0, 0, 0, qpdf_r3p_none, 1, 1);
	else
		qpdf_set_r6_encryption_parameters2(q, user, "owner", 1, 1, 0, 0, 0, 0, qpdf_r3p_none, 1);
	assert_true(qpdf_write(q) < QPDF_ERRORS); /* the old kinds are warned of */
	buf_put(out, span_of(qpdf_get_buffer(q), qpdf_get_buffer_length(q)));
	qpdf_cleanup(&q);
	assert_int_equal(buf_err(out), ERR_OK);
}
