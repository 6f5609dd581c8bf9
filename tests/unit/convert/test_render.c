/* Pictures and documents: what comes out, what is refused, and that the answer is believed in nothing. */
#include "files.h"
#include "base/clock.h"
#include "server/convert/convert.h"

#include <jpeglib.h>
#include <qpdf/qpdf-c.h>

enum { FILE_MAX = 16 << 20 };
static const struct render_limits limits = RENDER_LIMITS_DEFAULT;

/* --- what came out --- */

struct taken {
	struct render_head head;
	struct {
		unsigned number, w, h;
		struct raster pixels;
	} v[RENDER_PAGES_MAX + 1];
	size_t n;
};

static void decode(struct span jpeg, struct raster *r)
{
	struct jpeg_decompress_struct d;
	struct jpeg_error_mgr errors;
	d.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&d);
	jpeg_mem_src(&d, jpeg.ptr, jpeg.len);
	assert_int_equal(jpeg_read_header(&d, TRUE), JPEG_HEADER_OK);
	assert_null(d.marker_list);
	(void)jpeg_start_decompress(&d);
	assert_int_equal(raster_new(d.output_width, d.output_height, r), ERR_OK);
	while (d.output_scanline < d.output_height) {
		JSAMPROW row = r->rgb + (size_t)d.output_scanline * r->w * 3;
		(void)jpeg_read_scanlines(&d, &row, 1);
	}
	(void)jpeg_finish_decompress(&d);
	jpeg_destroy_decompress(&d);
}

static enum err take_head(void *ctx, const struct render_head *h)
{
	((struct taken *)ctx)->head = *h;
	return ERR_OK;
}

static enum err take_page(void *ctx, const struct page *p)
{
	struct taken *t = ctx;
	assert_true(t->n <= RENDER_PAGES_MAX);
	assert_true(jpeg_check(p->jpeg, p->width, p->height));
	assert_false(jpeg_check(p->jpeg, p->width + 1, p->height));
	t->v[t->n].number = p->number;
	decode(p->jpeg, &t->v[t->n].pixels);
	assert_int_equal(t->v[t->n].pixels.w, p->width);
	t->n++;
	return ERR_OK;
}

static void taken_done(struct taken *t)
{
	for (size_t i = 0; i < t->n; i++)
		raster_done(&t->v[i].pixels);
	t->n = 0;
}

static enum err read_file(struct span file, struct taken *t)
{
	const struct render_sink sink = {take_head, take_page, t};
	enum media m;
	memset(t, 0, sizeof(*t));
	bool pdf = media_of(file, &m) && m == MEDIA_PDF;
	return pdf ? pdf_read(file, &limits, &sink) : picture_read(file, &limits, &sink);
}

/* Around the middle of an eighth of the picture, so that no edge is hit. */
static const uint8_t *at(const struct raster *r, unsigned eighth_x, unsigned eighth_y)
{
	return r->rgb + ((size_t)(r->h * eighth_y / 8) * r->w + r->w * eighth_x / 8) * 3;
}

static bool is_red(const uint8_t *p)
{
	return p[0] > 180 && p[2] < 140;
}

static bool is_blue(const uint8_t *p)
{
	return p[2] > 180 && p[0] < 140;
}

/* --- good pictures --- */

static void check_upright(const struct taken *t, bool grey)
{
	const struct raster *r = &t->v[1].pixels;
	if (grey)
		return;
	assert_true(is_red(at(r, 1, 1)));
	assert_true(is_red(at(r, 1, 3)));
	assert_true(is_blue(at(r, 7, 1)));
	assert_true(is_blue(at(r, 7, 3)));
}

static void test_png(void **state)
{
	(void)state;
	for (enum png_kind k = PNG_PLAIN; k < PNG_KINDS; k++) {
		AUTO_BUF(file, FILE_MAX);
		struct taken t;
		file_png(1600, 900, k, &file);
		assert_int_equal(read_file(buf_span(&file), &t), ERR_OK);
		assert_int_equal(t.head.media, MEDIA_PNG);
		assert_int_equal(t.head.width, 1600);
		assert_int_equal(t.n, 2);
		assert_int_equal(t.v[0].pixels.w, 1600);
		assert_int_equal(t.v[1].pixels.w, 1200);
		assert_int_equal(t.v[1].pixels.h, 675);
		check_upright(&t, k == PNG_GREY16);
		if (k == PNG_RGBA16) { /* transparent lies on white */
			const uint8_t *p = at(&t.v[1].pixels, 4, 7);
			assert_true(p[0] > 240 && p[1] > 240 && p[2] > 240);
		}
		taken_done(&t);
	}
}

static void test_jpeg(void **state)
{
	(void)state;
	for (enum jpeg_kind k = JPG_PLAIN; k < JPG_KINDS; k++) {
		AUTO_BUF(file, FILE_MAX);
		struct taken t;
		file_jpeg(3300, 1000, k, 0, &file);
		assert_int_equal(read_file(buf_span(&file), &t), ERR_OK);
		assert_int_equal(t.head.media, MEDIA_JPEG);
		assert_int_equal(t.v[0].pixels.w, 3000);
		assert_int_equal(t.v[1].pixels.w, 1200);
		check_upright(&t, k == JPG_GREY);
		taken_done(&t);
	}
}

/* Where the stored picture's red left half comes to lie, by the camera's word (Exif 2.3, tag 274). */
static void test_orientation(void **state)
{
	(void)state;
	static const struct {
		unsigned orientation, red_x, red_y, bright_x, bright_y;
		bool swap;
	} rows[] = {
		{0, 1, 4, 4, 1, false}, {1, 1, 4, 4, 1, false}, {2, 7, 4, 4, 1, false}, {3, 7, 4, 4, 7, false},
		{4, 1, 4, 4, 7, false}, {5, 4, 1, 1, 4, true},  {6, 4, 1, 7, 4, true},  {7, 4, 7, 7, 4, true},
		{8, 4, 7, 1, 4, true},  {9, 1, 4, 4, 1, false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(file, FILE_MAX);
		struct taken t;
		file_jpeg(640, 400, JPG_PLAIN, rows[i].orientation, &file);
		assert_int_equal(read_file(buf_span(&file), &t), ERR_OK);
		const struct raster *r = &t.v[1].pixels;
		assert_int_equal(r->w, rows[i].swap ? 400 : 640);
		assert_int_equal(t.head.width, r->w);
		assert_true(is_red(at(r, rows[i].red_x, rows[i].red_y)));
		/* The upper third of what was stored has some green in it. */
		assert_true(at(r, rows[i].bright_x, rows[i].bright_y)[1] > 60);
		taken_done(&t);
	}
}

/* --- bad pictures --- */

static void refuse(struct span file, enum err want, const char *what)
{
	struct taken t;
	enum err e = read_file(file, &t);
	if (e != want)
		print_message("# %s: %s %s\n", what, err_name(e), err_detail());
	assert_int_equal(e, want);
	err_clear();
	taken_done(&t);
}

static void put_u16(struct buf *b, size_t i, unsigned v)
{
	b->ptr[i] = (uint8_t)(v >> 8);
	b->ptr[i + 1] = (uint8_t)v;
}

static size_t frame_header(const struct buf *b)
{
	for (size_t i = 0; i + 9 < b->len; i++)
		if (b->ptr[i] == 0xff && b->ptr[i + 1] == 0xc0)
			return i;
	fail();
	return 0;
}

static void test_cut(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		AUTO_BUF(file, FILE_MAX);
		if (k == 0)
			file_png(300, 300, PNG_PLAIN, &file);
		else
			file_jpeg(300, 300, JPG_PLAIN, 1, &file);
		for (size_t n = 0; n < file.len * 3 / 4; n += 1 + file.len / 60) {
			enum media m;
			struct span part = span_sub(buf_span(&file), 0, n);
			refuse(part, media_of(part, &m) ? ERR_PICTURE_DAMAGED : ERR_PICTURE_NOT, "cut");
		}
	}
}

static void test_lies(void **state)
{
	(void)state;
	static const struct {
		unsigned h, w;
		enum err want;
	} rows[] = {
		{300, 12001, ERR_PICTURE_LIMIT}, {65000, 300, ERR_PICTURE_LIMIT}, {12000, 12000, ERR_PICTURE_LIMIT},
		{0, 300, ERR_PICTURE_DAMAGED},   {300, 0, ERR_PICTURE_DAMAGED},   {3000, 3000, ERR_PICTURE_DAMAGED},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(file, FILE_MAX);
		file_jpeg(300, 300, JPG_PLAIN, 0, &file);
		size_t at_frame = frame_header(&file);
		put_u16(&file, at_frame + 5, rows[i].h);
		put_u16(&file, at_frame + 7, rows[i].w);
		refuse(buf_span(&file), rows[i].want, "lying sides");
	}
}

/* 144 million pixels in a few hundred kilobytes; and the same within the limits of a side. */
static void test_bomb(void **state)
{
	(void)state;
	static const struct {
		unsigned w, h;
	} sides[] = {{12000, 12000}, {30000, 100}, {100, 12001}};
	for (size_t i = 0; i < COUNT_OF(sides); i++) {
		AUTO_BUF(file, FILE_MAX);
		file_png(sides[i].w, sides[i].h, PNG_PALETTE, &file);
		int64_t from = clock_mono_ms();
		refuse(buf_span(&file), ERR_PICTURE_LIMIT, "bomb");
		assert_true(clock_mono_ms() - from < 1000);
	}
}

static void test_no_picture(void **state)
{
	(void)state;
	static const char *const files[] = {
		"",         "x", "GIF89a....", "\x89PNG\r\n\x1a", "<svg xmlns='http://www.w3.org/2000/svg'/>",
		"BM......", "MZ"};
	for (size_t i = 0; i < COUNT_OF(files); i++)
		refuse(span_str(files[i]), ERR_PICTURE_NOT, files[i]);
	AUTO_BUF(file, FILE_MAX);
	file_png(100, 100, PNG_PLAIN, &file);
	file.ptr[16] ^= 1; /* the header's checksum no longer holds */
	refuse(buf_span(&file), ERR_PICTURE_DAMAGED, "checksum");
}

/* --- documents --- */

static void test_pdf(void **state)
{
	(void)state;
	static const unsigned counts[] = {1, 3, 50};
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		AUTO_BUF(file, FILE_MAX);
		struct taken t;
		file_pdf(&(struct pdf_parts){.pages = counts[i]}, &file);
		enum err e = read_file(buf_span(&file), &t);
		if (e != ERR_OK)
			print_message("# %s %s\n", err_name(e), err_detail());
		assert_int_equal(e, ERR_OK);
		assert_int_equal(t.head.pages, counts[i]);
		assert_int_equal(t.n, counts[i]);
		assert_int_equal(t.v[0].number, 1);
		assert_in_range(t.v[0].pixels.h, 1190, 1200);
		const uint8_t *box = at(&t.v[0].pixels, 2, 1), *paper = at(&t.v[0].pixels, 7, 6);
		assert_true(box[2] > box[0] + 60);
		assert_true(paper[0] > 245 && paper[2] > 245);
		taken_done(&t);
	}
}

static void test_pdf_refused(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct pdf_parts p;
		enum err want;
	} rows[] = {
		{"no page", {.pages = 0}, ERR_PDF_PAGES},
		{"51 pages", {.pages = 51}, ERR_PDF_PAGES},
		{"open action", {.pages = 1, .catalog = "/OpenAction<</S/JavaScript/JS(x)>>"}, ERR_PDF_ACTIVE},
		{"named script",
	         {.pages = 1, .catalog = "/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(x)>>]>>>>"},
	         ERR_PDF_ACTIVE},
		{"script in an object",
	         {.pages = 1,
	          .page = "/AA<</O 300 0 R>>/Resources<<>>",
	          .more = {"<</S/JavaScript/JS 301 0 R>>", "(x)"}},
	         ERR_PDF_ACTIVE},
		{"escaped name", {.pages = 1, .catalog = "/OpenAction<</S/J#61vaScript/J#53(x)>>"}, ERR_PDF_ACTIVE},
		{"launch",
	         {.pages = 1,
	          .page = "/Annots[300 0 R]/Resources<<>>",
	          .more = {"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(x.exe)>>>>"}},
	         ERR_PDF_ACTIVE},
		{"chained launch",
	         {.pages = 1, .catalog = "/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next<</S/Launch/F(x)>>>>"},
	         ERR_PDF_ACTIVE},
		{"file inside",
	         {.pages = 1,
	          .catalog = "/Names<</EmbeddedFiles<</Names[(a)300 0 R]>>>>",
	          .more = {"<</Type/Filespec/F(a)>>"}},
	         ERR_PDF_ACTIVE},
		{"file annotation",
	         {.pages = 1, .page = "/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]>>]/Resources<<>>"},
	         ERR_PDF_ACTIVE},
		{"submits a form",
	         {.pages = 1, .catalog = "/OpenAction<</S/SubmitForm/F(http://localhost/)>>"},
	         ERR_PDF_ACTIVE},
		{"form program", {.pages = 1, .catalog = "/AcroForm<</XFA(x)/Fields[]>>"}, ERR_PDF_ACTIVE},
		{"another file", {.pages = 1, .catalog = "/OpenAction<</S/GoToR/F(x.pdf)/D[0/Fit]>>"}, ERR_PDF_ACTIVE},
		{"film",
	         {.pages = 1, .page = "/Annots[<</Type/Annot/Subtype/Screen/Rect[0 0 9 9]>>]/Resources<<>>"},
	         ERR_PDF_ACTIVE},
		{"encrypted",
	         {.pages = 1,
	          .trailer = "/Encrypt<</Filter/Standard/V 1/R 2/O(01234567890123456789012345678901)"
	                     "/U(01234567890123456789012345678901)/P -4>>/ID[(a)(a)]"},
	         ERR_PDF_ENCRYPTED},
		{"strange encryption",
	         {.pages = 1, .trailer = "/Encrypt<</Filter/Other/V 99>>/ID[(a)(a)]"},
	         ERR_PDF_ENCRYPTED},
		{"font of the reader's",
	         {.pages = 1,
	          .page = "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>",
	          .content = "BT /F1 24 Tf 60 700 Td (x) Tj ET"},
	         ERR_PDF_FONTS},
		{"page of no size", {.pages = 1, .page = "/MediaBox[0 0 0.1 0.1]/Resources<<>>"}, ERR_PDF_DAMAGED},
		{"page of a mile", {.pages = 1, .page = "/MediaBox[0 0 99999 99]/Resources<<>>"}, ERR_PDF_DAMAGED},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(file, FILE_MAX);
		file_pdf(&rows[i].p, &file);
		refuse(buf_span(&file), rows[i].want, rows[i].what);
	}
}

#define COMPOSITE(map)                                                                                                               \
	"/Resources<</Font<</F1<</Type/Font/Subtype/Type0/BaseFont/STSong-Light-" map "/Encoding/" map                               \
	"/DescendantFonts[<<"                                                                                                        \
	"/Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/DW 1000" \
	"/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880"   \
	"/Descent -120/CapHeight 880/StemV 93>>>>]>>>>>>"
#define INSIDE(map)                                                                                                 \
	"/Resources<</Font<</F1<</Type/Font/Subtype/Type0/BaseFont/A/Encoding " map "/DescendantFonts[<</Type/Font" \
	"/Subtype/CIDFontType2/BaseFont/A/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"        \
	"/FontDescriptor<</Type/FontDescriptor/FontName/A/Flags 4/FontFile2 300 0 R>>>>]>>>>>>"
#define FONT_FILE       "<</Length 4>>stream\nnone\nendstream"
#define OUTSIDE         "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
#define FORM(resources) "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]" resources "/Length 1>>stream\nn\nendstream"

/* Poppler leaves a font out of its list where the reader's computer lacks the named map, and draws nothing; whatever is
 * installed, the verdict is by the document's objects. */
static void test_pdf_fonts(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct pdf_parts p;
		enum err want;
	} rows[] = {
		{"Song by the codes of GBK",
	         {.pages = 1, .page = COMPOSITE("GBK-EUC-H"), .content = "BT /F1 24 Tf 60 700 Td <B2CEB1A3> Tj ET"},
	         ERR_PDF_FONTS},
		{"Song by UCS-2",
	         {.pages = 1, .page = COMPOSITE("UniGB-UCS2-H"), .content = "BT /F1 24 Tf 60 700 Td <53C24FDD> Tj ET"},
	         ERR_PDF_FONTS},
		{"Song by UTF-16", {.pages = 1, .page = COMPOSITE("UniGB-UTF16-H")}, ERR_PDF_FONTS},
		{"Song by own numbers", {.pages = 1, .page = COMPOSITE("Identity-H")}, ERR_PDF_FONTS},
		{"inside, own numbers", {.pages = 1, .page = INSIDE("/Identity-H"), .more = {FONT_FILE}}, ERR_OK},
		{"inside, map outside", {.pages = 1, .page = INSIDE("/GBK-EUC-H"), .more = {FONT_FILE}}, ERR_PDF_FONTS},
		{"inside, map inside",
	         {.pages = 1,
	          .page = INSIDE("301 0 R"),
	          .more = {FONT_FILE, "<</Type/CMap/Length 9>>stream\nbegincmap\nendstream"}},
	         ERR_OK},
		{"map upon a map",
	         {.pages = 1,
	          .page = INSIDE("301 0 R"),
	          .more = {FONT_FILE, "<</Type/CMap/UseCMap/GBK-EUC-H/Length 9>>stream\nbegincmap\nendstream"}},
	         ERR_PDF_FONTS},
		{"map upon a map, in its text",
	         {.pages = 1,
	          .page = INSIDE("301 0 R"),
	          .more = {FONT_FILE, "<</Length 18>>stream\n/GBK-EUC-H usecmap\nendstream"}},
	         ERR_PDF_FONTS},
		{"composite of nothing",
	         {.pages = 1, .page = "/Resources<</Font<</F1<</Type/Font/Subtype/Type0/Encoding/Identity-H>>>>>>"},
	         ERR_PDF_FONTS},
		{"file that is none",
	         {.pages = 1,
	          .page = "/Resources<</Font<</F1<</Type/Font/Subtype/TrueType/FontDescriptor<</FontFile2/x>>>>>>>>"},
	         ERR_PDF_FONTS},
		{"in a form",
	         {.pages = 1,
	          .page = "/Resources<</XObject<</A 300 0 R>>>>",
	          .more = {FORM("/Resources<</XObject<</B 301 0 R>>>>"), FORM(COMPOSITE("GBK-EUC-H"))}},
	         ERR_PDF_FONTS},
		{"forms in a circle",
	         {.pages = 1,
	          .page = "/Resources<</XObject<</A 300 0 R>>>>",
	          .more = {FORM("/Resources<</XObject<</B 300 0 R>>>>")}},
	         ERR_OK},
		{"in a pattern",
	         {.pages = 1, .page = "/Resources<</Pattern<</A 300 0 R>>>>", .more = {FORM(OUTSIDE)}},
	         ERR_PDF_FONTS},
		{"in a mask",
	         {.pages = 1,
	          .page = "/Resources<</ExtGState<</A<</SMask<</S/Alpha/G 300 0 R>>>>>>>>",
	          .more = {FORM(OUTSIDE)}},
	         ERR_PDF_FONTS},
		{"in a graphics state",
	         {.pages = 1,
	          .page = "/Resources<</ExtGState<</A<</Font[300 0 R 9]>>>>>>",
	          .more = {"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}},
	         ERR_PDF_FONTS},
		{"in glyphs",
	         {.pages = 1, .page = "/Resources<</Font<</F1<</Type/Font/Subtype/Type3" OUTSIDE ">>>>>>"},
	         ERR_PDF_FONTS},
		{"in a comment",
	         {.pages = 1,
	          .page = "/Annots[<</Subtype/Stamp/Rect[0 0 9 9]/AP<</N 300 0 R>>>>]/Resources<<>>",
	          .more = {FORM(OUTSIDE)}},
	         ERR_PDF_FONTS},
		{"in the state not shown",
	         {.pages = 1,
	          .page = "/Annots[<</Subtype/Widget/FT/Btn/AS/Off/Rect[0 0 9 9]/AP<</N<</On 300 0 R>>/D 300 0 R>>>>]/Resources<<>>",
	          .more = {FORM(OUTSIDE)}},
	         ERR_OK},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(file, FILE_MAX);
		file_pdf(&rows[i].p, &file);
		refuse(buf_span(&file), rows[i].want, rows[i].what);
	}
}

#define FIELD(more) \
	"/Annots[<</Type/Annot/Subtype/Widget/F 4/Rect[20 40 280 70]/DA(/Helv 14 Tf 0 g)" more ">>]/Resources<<>>"
#define FREE(more) \
	"/Annots[<</Type/Annot/Subtype/FreeText/Rect[20 40 280 70]/DA(/Helv 14 Tf 0 g)" more ">>]/Resources<<>>"
#define DEFAULTS \
	"/AcroForm<</DR<</Font<</Helv<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>/DA(/Helv 0 Tf 0 g)/Fields[]"
#define ZHANG_CE "<FEFF5F206D4B>"

/* A value without a picture of its own is drawn with the viewer's fonts: of a Chinese one nothing comes.
 * NeedAppearances throws the pictures away that are there. */
static void test_pdf_forms(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct pdf_parts p;
		enum err want;
	} rows[] = {
		{"typed",
	         {.pages = 1, .catalog = DEFAULTS "/NeedAppearances true>>", .page = FIELD("/FT/Tx/V" ZHANG_CE)},
	         ERR_PDF_FORM},
		{"typed, not told",
	         {.pages = 1, .catalog = DEFAULTS ">>", .page = FIELD("/FT/Tx/V" ZHANG_CE)},
	         ERR_PDF_FORM},
		{"in Latin letters",
	         {.pages = 1, .catalog = DEFAULTS ">>", .page = FIELD("/FT/Tx/V(A1)")},
	         ERR_PDF_FORM},
		{"of the field above",
	         {.pages = 1, .page = FIELD("/Parent 300 0 R"), .more = {"<</FT/Tx/T(a)/V" ZHANG_CE ">>"}},
	         ERR_PDF_FORM},
		{"chosen", {.pages = 1, .page = FIELD("/FT/Ch/V[" ZHANG_CE "]")}, ERR_PDF_FORM},
		{"long",
	         {.pages = 1, .page = FIELD("/FT/Tx/V 300 0 R"), .more = {"<</Length 1>>stream\na\nendstream"}},
	         ERR_PDF_FORM},
		{"ticked", {.pages = 1, .page = FIELD("/FT/Btn/V/Yes/AS/Yes")}, ERR_PDF_FORM},
		{"ticked, no such picture",
	         {.pages = 1, .page = FIELD("/FT/Btn/AS/Yes/AP<</N<</Off 300 0 R>>>>"), .more = {FORM("")}},
	         ERR_PDF_FORM},
		{"picture thrown away",
	         {.pages = 1,
	          .catalog = DEFAULTS "/NeedAppearances true>>",
	          .page = FIELD("/FT/Tx/V" ZHANG_CE "/AP<</N 300 0 R>>"),
	          .more = {FORM("")}},
	         ERR_PDF_FORM},
		{"picture there",
	         {.pages = 1,
	          .catalog = DEFAULTS "/NeedAppearances false>>",
	          .page = FIELD("/FT/Tx/V" ZHANG_CE "/AP<</N 300 0 R>>"),
	          .more = {FORM("")}},
	         ERR_OK},
		{"nothing typed",
	         {.pages = 1, .catalog = DEFAULTS "/NeedAppearances true>>", .page = FIELD("/FT/Tx")},
	         ERR_OK},
		{"an empty value",
	         {.pages = 1, .catalog = DEFAULTS "/NeedAppearances true>>", .page = FIELD("/FT/Tx/V<FEFF>")},
	         ERR_OK},
		{"a space", {.pages = 1, .page = FIELD("/FT/Tx/V( )")}, ERR_OK},
		{"nothing chosen", {.pages = 1, .page = FIELD("/FT/Ch/V[]")}, ERR_OK},
		{"not ticked", {.pages = 1, .page = FIELD("/FT/Btn/V/Off/AS/Off")}, ERR_OK},
		{"button to press", {.pages = 1, .page = FIELD("/FT/Btn/Ff 65536")}, ERR_OK},
		{"signature that is not seen",
	         {.pages = 1, .page = FIELD("/FT/Sig/V<</Type/Sig/Contents<00>>>")},
	         ERR_OK},
		{"hidden",
	         {.pages = 1, .page = "/Annots[<</Subtype/Widget/F 2/FT/Tx/V(a)/Rect[0 0 9 9]>>]/Resources<<>>"},
	         ERR_OK},
		{"fields in a circle",
	         {.pages = 1, .page = FIELD("/Parent 300 0 R"), .more = {"<</Parent 300 0 R>>"}},
	         ERR_OK},
		{"text on the page", {.pages = 1, .page = FREE("/Contents" ZHANG_CE)}, ERR_PDF_FORM},
		{"text with a picture",
	         {.pages = 1, .page = FREE("/Contents" ZHANG_CE "/AP<</N 300 0 R>>"), .more = {FORM("")}},
	         ERR_OK},
		{"words at a line",
	         {.pages = 1,
	          .page = "/Annots[<</Subtype/Line/L[0 0 9 9]/Rect[0 0 9 9]/Cap true/Contents" ZHANG_CE
	                  ">>]/Resources<<>>"},
	         ERR_PDF_FORM},
		{"note at a line",
	         {.pages = 1,
	          .page = "/Annots[<</Subtype/Line/L[0 0 9 9]/Rect[0 0 9 9]/Contents" ZHANG_CE ">>]/Resources<<>>"},
	         ERR_OK},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(file, FILE_MAX);
		file_pdf(&rows[i].p, &file);
		refuse(buf_span(&file), rows[i].want, rows[i].what);
	}
}

/* A link to a page or an address is none of these. */
static void test_pdf_links(void **state)
{
	(void)state;
	AUTO_BUF(file, FILE_MAX);
	struct taken t;
	file_pdf(
		&(struct pdf_parts){
			.pages = 2,
			.catalog = "/OpenAction[3 0 R/Fit]",
			.page = "/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://localhost/)>>>>]/Resources<<>>"},
		&file);
	assert_int_equal(read_file(buf_span(&file), &t), ERR_OK);
	taken_done(&t);
}

static void test_pdf_broken(void **state)
{
	(void)state;
	AUTO_BUF(file, FILE_MAX);
	file_pdf(&(struct pdf_parts){.pages = 2}, &file);
	for (size_t n = 0; n < file.len - 20; n += 37) {
		enum media m;
		struct span part = span_sub(buf_span(&file), 0, n);
		refuse(part, media_of(part, &m) ? ERR_PDF_DAMAGED : ERR_PICTURE_NOT, "cut");
	}
	refuse(SPAN_LIT("%PDF-1.7\ngarbage garbage\n%%EOF\n"), ERR_PDF_DAMAGED, "garbage");
}

/* A document whose owner forbids changes and the like opens without a password: every viewer draws it (ISO
 * 32000-1, 7.6.3.1). One that asks for a password does not. What is looked for in documents is found behind either. */
static void test_pdf_locked(void **state)
{
	(void)state;
	static const struct {
		unsigned pages;
		const char *catalog, *user;
		enum err want;
	} rows[] = {
		{1, "", "", ERR_OK},
		{2, "", "secret", ERR_PDF_ENCRYPTED},
		{1, "/OpenAction<</S/JavaScript/JS(x)>>", "", ERR_PDF_ACTIVE},
	};
	for (size_t i = 0; i < COUNT_OF(rows) * 3; i++) {
		const size_t k = i / 3;
		const int kind = (int)(i % 3);
		AUTO_BUF(plain, FILE_MAX);
		AUTO_BUF(locked, FILE_MAX);
		file_pdf(&(struct pdf_parts){.pages = rows[k].pages, .catalog = rows[k].catalog}, &plain);
		file_lock(buf_span(&plain), kind, rows[k].user, &locked);
		if (rows[k].want != ERR_OK) {
			refuse(buf_span(&locked), rows[k].want, "locked");
			continue;
		}
		struct taken open_one, locked_one;
		assert_int_equal(read_file(buf_span(&plain), &open_one), ERR_OK);
		assert_int_equal(read_file(buf_span(&locked), &locked_one), ERR_OK);
		assert_int_equal(locked_one.n, open_one.n);
		const struct raster *a = &open_one.v[0].pixels, *b = &locked_one.v[0].pixels;
		assert_true(a->w == b->w && a->h == b->h && memcmp(a->rgb, b->rgb, (size_t)a->w * a->h * 3) == 0);
		taken_done(&open_one);
		taken_done(&locked_one);
	}
}

/* A page tree that leads into itself, and a chain of actions that never ends, end. */
static void test_pdf_circles(void **state)
{
	(void)state;
	static const struct pdf_parts rows[] = {
		{.pages = 1,
	         .catalog = "/Outlines 300 0 R",
	         .more = {"<</First 301 0 R/Last 301 0 R>>", "<</Title(a)/Parent 300 0 R/Next 301 0 R>>"}},
		{.pages = 1, .catalog = "/OpenAction 300 0 R", .more = {"<</S/GoTo/D[3 0 R/Fit]/Next 300 0 R>>"}},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(file, FILE_MAX);
		struct taken t;
		file_pdf(&rows[i], &file);
		assert_int_equal(read_file(buf_span(&file), &t), ERR_OK);
		taken_done(&t);
	}
}

/* --- the answer --- */

static void sample(struct buf *out, bool pdf)
{
	struct raster r;
	AUTO_BUF(jpeg, 1 << 20);
	assert_int_equal(raster_new(40, 30, &r), ERR_OK);
	assert_int_equal(raster_jpeg(&r, 80, &jpeg), ERR_OK);
	raster_done(&r);
	const struct render_head h =
		pdf ? (struct render_head){MEDIA_PDF, 0, 0, 2} : (struct render_head){MEDIA_PNG, 40, 30, 1};
	assert_int_equal(frame_put_head(out, &h), ERR_OK);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(frame_put_page(out, &(struct page){i + pdf, 40, 30, buf_span(&jpeg)}), ERR_OK);
	assert_int_equal(frame_put_end(out, 2), ERR_OK);
}

static enum err parse(struct span answer, bool pdf)
{
	struct rendering r = {.bytes = buf_make(RENDER_BYTES_MAX)};
	enum err e = rendering_parse(answer, pdf, &limits, &r);
	if (e == ERR_OK)
		assert_int_equal(r.n, 2);
	rendering_done(&r);
	return e;
}

/* Every octet of the frames and of the pictures' heads changed, every cut: never believed, or exactly as harmless as
 * before. */
static void test_answer(void **state)
{
	(void)state;
	for (int pdf = 0; pdf < 2; pdf++) {
		AUTO_BUF(good, 1 << 20);
		sample(&good, pdf != 0);
		assert_int_equal(parse(buf_span(&good), pdf != 0), ERR_OK);
		assert_int_equal(parse(buf_span(&good), pdf == 0), ERR_CONVERT);
		for (size_t n = 0; n < good.len; n++) {
			assert_int_equal(parse(span_sub(buf_span(&good), 0, n), pdf != 0), ERR_CONVERT);
			err_clear();
		}
		size_t believed = 0;
		for (size_t i = 0; i < good.len; i++) {
			good.ptr[i] ^= 0x41;
			believed += parse(buf_span(&good), pdf != 0) == ERR_OK;
			err_clear();
			good.ptr[i] ^= 0x41;
		}
		print_message("# %zu of %zu changed octets lie in tables and pixels\n", believed, good.len);
		buf_u8(&good, 'E');
		assert_int_equal(parse(buf_span(&good), pdf != 0), ERR_CONVERT);
		err_clear();
	}
}

/* What our own program would never say. */
enum lie {
	L_NONE,
	L_PAGE_FIRST,
	L_TWO_HEADS,
	L_MISSING,
	L_MANY,
	L_ORDER,
	L_COUNT,
	L_SIDES,
	L_TOO_LARGE,
	L_COMMENT,
	L_EXIF,
	L_TAIL,
	L_TWO_FRAMES,
	L_AFTER_END,
	L_NO_END,
	L_LENGTH,
	L_MEDIA,
	L_PIXELS,
	L_COUNT_ALL
};

static void insert(struct buf *jpeg, size_t at_octet, struct span what)
{
	AUTO_BUF(rest, 1 << 20);
	buf_put(&rest, span_sub(buf_span(jpeg), at_octet, jpeg->len));
	buf_cut(jpeg, at_octet);
	buf_put(jpeg, what);
	buf_put(jpeg, buf_span(&rest));
}

static void lie_jpeg(enum lie l, struct buf *jpeg)
{
	if (l == L_COMMENT)
		insert(jpeg, 2, SPAN_LIT("\xff\xfe\0\6text"));
	else if (l == L_EXIF)
		insert(jpeg, 2, SPAN_LIT("\xff\xe1\0\10Exif\0\0"));
	else if (l == L_TAIL)
		buf_str(jpeg, "<script>");
	else if (l == L_TWO_FRAMES)
		insert(jpeg, frame_header(jpeg), span_sub(buf_span(jpeg), frame_header(jpeg), 19));
}

static void lie_answer(enum lie l, struct buf *out)
{
	struct raster r;
	AUTO_BUF(jpeg, 1 << 20);
	unsigned side = l == L_TOO_LARGE ? limits.preview + 1 : 40;
	struct render_head h = {l == L_MEDIA ? MEDIA_PDF : MEDIA_PNG, l == L_PIXELS ? limits.side + 1 : 40, 40, 1};
	assert_int_equal(raster_new(side, side, &r), ERR_OK);
	assert_int_equal(raster_jpeg(&r, 80, &jpeg), ERR_OK);
	raster_done(&r);
	lie_jpeg(l, &jpeg);
	if (l != L_PAGE_FIRST)
		assert_int_equal(frame_put_head(out, &h), ERR_OK);
	if (l == L_TWO_HEADS)
		assert_int_equal(frame_put_head(out, &h), ERR_OK);
	unsigned n = l == L_MISSING ? 1 : l == L_MANY ? 3 : 2;
	for (unsigned i = 0; i < n; i++) {
		const struct page p = {l == L_ORDER ? 1 - i : i, side + (l == L_SIDES), side, buf_span(&jpeg)};
		assert_int_equal(frame_put_page(out, &p), ERR_OK);
	}
	if (l != L_NO_END)
		assert_int_equal(frame_put_end(out, l == L_COUNT ? 1 : n), ERR_OK);
	if (l == L_AFTER_END)
		assert_int_equal(frame_put_end(out, n), ERR_OK);
	if (l == L_LENGTH)
		out->ptr[1] = 0xff;
}

static void test_lying_answer(void **state)
{
	(void)state;
	for (enum lie l = L_NONE; l < L_COUNT_ALL; l++) {
		AUTO_BUF(out, 1 << 20);
		lie_answer(l, &out);
		enum err e = parse(buf_span(&out), false);
		if (e != (l == L_NONE ? ERR_OK : ERR_CONVERT))
			fail_msg("lie %d: %s", l, err_name(e));
		err_clear();
	}
}

static void test_refusal(void **state)
{
	(void)state;
	static const struct {
		enum err e;
		bool pdf;
		enum err want;
	} rows[] = {
		{ERR_PICTURE_NOT, false, ERR_PICTURE_NOT}, {ERR_PICTURE_LIMIT, false, ERR_PICTURE_LIMIT},
		{ERR_PDF_FONTS, true, ERR_PDF_FONTS},      {ERR_PDF_FORM, true, ERR_PDF_FORM},
		{ERR_PDF_FONTS, false, ERR_CONVERT},       {ERR_PICTURE_NOT, true, ERR_CONVERT},
		{ERR_XLSX_NOT, true, ERR_CONVERT},         {ERR_DENIED, false, ERR_CONVERT},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, 1024);
		assert_int_equal(frame_put_refused(&out, rows[i].e, "why\nnot"), ERR_OK);
		assert_int_equal(parse(buf_span(&out), rows[i].pdf), rows[i].want);
		assert_null(strchr(err_detail(), '\n'));
		err_clear();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_png),          cmocka_unit_test(test_jpeg),
	                                   cmocka_unit_test(test_orientation),  cmocka_unit_test(test_cut),
	                                   cmocka_unit_test(test_lies),         cmocka_unit_test(test_bomb),
	                                   cmocka_unit_test(test_no_picture),   cmocka_unit_test(test_pdf),
	                                   cmocka_unit_test(test_pdf_refused),  cmocka_unit_test(test_pdf_fonts),
	                                   cmocka_unit_test(test_pdf_forms),    cmocka_unit_test(test_pdf_links),
	                                   cmocka_unit_test(test_pdf_broken),   cmocka_unit_test(test_pdf_circles),
	                                   cmocka_unit_test(test_pdf_locked),   cmocka_unit_test(test_answer),
	                                   cmocka_unit_test(test_lying_answer), cmocka_unit_test(test_refusal)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
