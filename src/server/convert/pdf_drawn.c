/* Only what is drawn counts: resources of pages, of forms, patterns and glyphs inside them, and the appearances that
 * annotations show (ISO 32000-1: 7.8.3, 12.5.5). Fonts that only wait in a form's defaults (/DR) draw nothing. */
#include "server/convert/pdf_i.h"
#include <stdlib.h>
#include <string.h>

enum kind { RESOURCES, FONT, DRAWING, GRAPHICS_STATE, KINDS };
enum { WAITING_MAX = 1 << 18, PARENTS_MAX = 64, NOT_SHOWN = 2 | 32 /* Hidden, NoView */ };

struct drawn {
	qpdf_data q;
	struct waiting {
		enum kind kind;
		qpdf_oh oh;
	} * waiting;
	size_t n;
	uint8_t *seen[KINDS]; /* a bit an object */
	bool redraws;         /* the form asks the viewer to draw its values anew */
};

/* --- objects --- */

static qpdf_oh get(qpdf_data q, qpdf_oh oh, const char *key)
{
	if (qpdf_oh_is_stream(q, oh))
		oh = qpdf_oh_get_dict(q, oh);
	return qpdf_oh_is_dictionary(q, oh) ? qpdf_oh_get_key(q, oh, key) : qpdf_oh_new_null(q);
}

/* The page's or field's own, or what stands above it. */
static qpdf_oh inherited(qpdf_data q, qpdf_oh oh, const char *key)
{
	for (int i = 0; i < PARENTS_MAX; i++) {
		qpdf_oh v = get(q, oh, key);
		if (!qpdf_oh_is_null(q, v))
			return v;
		oh = get(q, oh, "/Parent");
	}
	return qpdf_oh_new_null(q);
}

static bool is(qpdf_data q, qpdf_oh oh, const char *name)
{
	return qpdf_oh_is_name(q, oh) && strcmp(qpdf_oh_get_name(q, oh), name) == 0;
}

/* Each once; what is absent leads nowhere. */
static enum err later(struct drawn *d, enum kind kind, qpdf_oh oh)
{
	if (!qpdf_oh_is_dictionary(d->q, oh) && !qpdf_oh_is_stream(d->q, oh))
		return ERR_OK;
	int id = qpdf_oh_is_indirect(d->q, oh) ? qpdf_oh_get_object_id(d->q, oh) : 0;
	if (id < 0 || id >= PDF_OBJECTS_MAX)
		return ERR(PDF_DAMAGED, "object %d", id);
	uint8_t *seen = &d->seen[kind][id / 8];
	if (id > 0 && (*seen & 1 << id % 8) != 0)
		return ERR_OK;
	if (id > 0)
		*seen |= (uint8_t)(1 << id % 8);
	if (d->n == WAITING_MAX)
		return ERR(PDF_DAMAGED, "more than %d drawn things wait", WAITING_MAX);
	d->waiting[d->n++] = (struct waiting){kind, oh};
	return ERR_OK;
}

static enum err later_each(struct drawn *d, enum kind kind, qpdf_oh dict)
{
	if (!qpdf_oh_is_dictionary(d->q, dict))
		return ERR_OK;
	qpdf_oh_begin_dict_key_iter(d->q, dict);
	while (qpdf_oh_dict_more_keys(d->q))
		TRY(later(d, kind, qpdf_oh_get_key(d->q, dict, qpdf_oh_dict_next_key(d->q))));
	return ERR_OK;
}

/* --- fonts --- */

static bool font_inside(qpdf_data q, qpdf_oh font)
{
	qpdf_oh about = get(q, font, "/FontDescriptor");
	return qpdf_oh_is_stream(q, get(q, about, "/FontFile")) || qpdf_oh_is_stream(q, get(q, about, "/FontFile2")) ||
	       qpdf_oh_is_stream(q, get(q, about, "/FontFile3"));
}

static bool is_identity(qpdf_data q, qpdf_oh map)
{
	return is(q, map, "/Identity-H") || is(q, map, "/Identity-V");
}

static bool names_no_other_map(qpdf_data q, qpdf_oh map)
{
	static const char word[] = "usecmap";
	unsigned char *data = NULL;
	size_t len = 0;
	QPDF_BOOL plain = QPDF_FALSE;
	bool ok = qpdf_oh_get_stream_data(q, map, qpdf_dl_generalized, &plain, &data, &len) == QPDF_SUCCESS && plain;
	for (size_t i = 0; ok && i + sizeof(word) - 1 <= len; i++)
		ok = memcmp(data + i, word, sizeof(word) - 1) != 0;
	free(data);
	return ok;
}

/* A map that is only named lies with the viewer, as does one that a map inside builds upon (9.7.5). */
static bool map_inside(qpdf_data q, qpdf_oh map)
{
	if (!qpdf_oh_is_stream(q, map))
		return is_identity(q, map);
	qpdf_oh base = get(q, map, "/UseCMap");
	return (qpdf_oh_is_null(q, base) || is_identity(q, base)) && names_no_other_map(q, map);
}

static enum err see_font(struct drawn *d, qpdf_oh font)
{
	qpdf_oh subtype = get(d->q, font, "/Subtype");
	if (is(d->q, subtype, "/Type3"))
		return later(d, RESOURCES, get(d->q, font, "/Resources"));
	qpdf_oh holder = font;
	if (is(d->q, subtype, "/Type0")) {
		if (!map_inside(d->q, get(d->q, font, "/Encoding")))
			return ERR(PDF_FONTS, "a character map is not in the document");
		qpdf_oh under = get(d->q, font, "/DescendantFonts");
		if (!qpdf_oh_is_array(d->q, under) || qpdf_oh_get_array_n_items(d->q, under) < 1)
			return ERR(PDF_FONTS, "a composite font of nothing");
		holder = qpdf_oh_get_array_item(d->q, under, 0);
	}
	return font_inside(d->q, holder) ? ERR_OK : ERR(PDF_FONTS, "a font is not in the document");
}

/* --- what leads to fonts --- */

static enum err see_resources(struct drawn *d, qpdf_oh r)
{
	TRY(later_each(d, FONT, get(d->q, r, "/Font")));
	TRY(later_each(d, DRAWING, get(d->q, r, "/XObject")));
	TRY(later_each(d, DRAWING, get(d->q, r, "/Pattern")));
	return later_each(d, GRAPHICS_STATE, get(d->q, r, "/ExtGState"));
}

static enum err see_graphics_state(struct drawn *d, qpdf_oh gs)
{
	qpdf_oh font = get(d->q, gs, "/Font");
	TRY(later(d, DRAWING, get(d->q, get(d->q, gs, "/SMask"), "/G")));
	if (!qpdf_oh_is_array(d->q, font) || qpdf_oh_get_array_n_items(d->q, font) < 1)
		return ERR_OK;
	return later(d, FONT, qpdf_oh_get_array_item(d->q, font, 0));
}

static enum err see(struct drawn *d, struct waiting w)
{
	switch (w.kind) {
	case RESOURCES:
		return see_resources(d, w.oh);
	case FONT:
		return see_font(d, w.oh);
	case GRAPHICS_STATE:
		return see_graphics_state(d, w.oh);
	default: /* form, or pattern of either type */
		TRY(later(d, GRAPHICS_STATE, get(d->q, w.oh, "/ExtGState")));
		return later(d, RESOURCES, get(d->q, w.oh, "/Resources"));
	}
}

/* --- annotations --- */

static bool has_text(qpdf_data q, qpdf_oh v)
{
	if (!qpdf_oh_is_string(q, v))
		return !qpdf_oh_is_null(q, v);
	const char *s = qpdf_oh_get_utf8_value(q, v);
	return s[strspn(s, " \t\r\n")] != 0;
}

/* Text typed or chosen, a box ticked. A signature's value is no text; a button to press has none. */
static bool field_filled(qpdf_data q, qpdf_oh widget)
{
	qpdf_oh type = inherited(q, widget, "/FT"), v = inherited(q, widget, "/V"), state = get(q, widget, "/AS");
	if (is(q, type, "/Sig"))
		return false;
	if (!is(q, type, "/Btn"))
		return qpdf_oh_is_array(q, v) ? qpdf_oh_get_array_n_items(q, v) > 0 : has_text(q, v);
	if (!qpdf_oh_is_name(q, state))
		state = v;
	return qpdf_oh_is_name(q, state) && !is(q, state, "/Off");
}

/* One for all states, or the present state's. */
static qpdf_oh appearance(qpdf_data q, qpdf_oh annot)
{
	qpdf_oh normal = get(q, get(q, annot, "/AP"), "/N"), state = get(q, annot, "/AS");
	if (qpdf_oh_is_stream(q, normal))
		return normal;
	/* The name lives in the handle; getting a key does not touch it. */
	qpdf_oh one = get(q, normal, qpdf_oh_is_name(q, state) ? qpdf_oh_get_name(q, state) : "/Off");
	return qpdf_oh_is_stream(q, one) ? one : qpdf_oh_new_null(q);
}

static bool left_to_viewer(const struct drawn *d, qpdf_oh annot, bool drawn)
{
	qpdf_oh subtype = get(d->q, annot, "/Subtype");
	if (is(d->q, subtype, "/Widget"))
		return (!drawn || d->redraws) && field_filled(d->q, annot);
	if (is(d->q, subtype, "/FreeText"))
		return !drawn &&
		       (has_text(d->q, get(d->q, annot, "/Contents")) || has_text(d->q, get(d->q, annot, "/RC")));
	return !drawn && is(d->q, subtype, "/Line") && qpdf_oh_get_bool_value(d->q, get(d->q, annot, "/Cap")) &&
	       has_text(d->q, get(d->q, annot, "/Contents"));
}

static enum err see_annotation(struct drawn *d, qpdf_oh annot)
{
	int flags = 0;
	if (!qpdf_oh_get_value_as_int(d->q, get(d->q, annot, "/F"), &flags))
		flags = 0;
	if ((flags & NOT_SHOWN) != 0)
		return ERR_OK;
	qpdf_oh look = appearance(d->q, annot);
	if (left_to_viewer(d, annot, !qpdf_oh_is_null(d->q, look)))
		return ERR(PDF_FORM, "a value without an appearance of its own");
	return later(d, DRAWING, look);
}

static enum err see_page(struct drawn *d, qpdf_oh page)
{
	TRY(later(d, RESOURCES, inherited(d->q, page, "/Resources")));
	qpdf_oh annots = get(d->q, page, "/Annots");
	int n = qpdf_oh_is_array(d->q, annots) ? qpdf_oh_get_array_n_items(d->q, annots) : 0;
	if (n > PDF_CHILDREN_MAX)
		return ERR(PDF_DAMAGED, "%d annotations", n);
	for (int i = 0; i < n; i++)
		TRY(see_annotation(d, qpdf_oh_get_array_item(d->q, annots, i)));
	return ERR_OK;
}

/* --- all --- */

static enum err see_all(struct drawn *d, unsigned pages)
{
	QPDF_BOOL redraws = QPDF_FALSE;
	if (qpdf_oh_get_value_as_bool(d->q, get(d->q, get(d->q, qpdf_get_root(d->q), "/AcroForm"), "/NeedAppearances"),
	                              &redraws))
		d->redraws = redraws != QPDF_FALSE;
	for (unsigned i = 0; i < pages; i++) {
		TRY(see_page(d, qpdf_get_page_n(d->q, i)));
		while (d->n > 0)
			TRY(see(d, d->waiting[--d->n]));
	}
	return ERR_OK;
}

enum err pdf_drawn_check(qpdf_data q, unsigned pages)
{
	struct drawn d = {.q = q, .waiting = calloc(WAITING_MAX, sizeof(*d.waiting))};
	uint8_t *seen = calloc(KINDS, PDF_OBJECTS_MAX / 8);
	for (size_t k = 0; seen != NULL && k < KINDS; k++)
		d.seen[k] = seen + k * (PDF_OBJECTS_MAX / 8);
	enum err e = d.waiting != NULL && seen != NULL ? see_all(&d, pages) : ERR(NOMEM, "document");
	free(d.waiting);
	free(seen);
	return e;
}
