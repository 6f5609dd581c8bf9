/* What a PDF holds, object by object (ISO 32000-1): before anything of it is drawn. */
#include "server/convert/pdf_i.h"
#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 1 << 18 };

/* Keys that lead to scripts, files or programs inside, wherever they stand. */
static const char *const bad_keys[] = {"/JS",  "/JavaScript",       "/EmbeddedFiles",     "/EmbeddedFile", "/EF",
                                       "/XFA", "/RichMediaContent", "/RichMediaSettings", "/RichMedia"};
/* Types of actions (12.6.4) and annotations (12.5.6) that do more than lead to a place. */
static const char *const bad_kinds[] = {"/JavaScript",     "/Launch",  "/ImportData", "/SubmitForm",
                                        "/Rendition",      "/Movie",   "/Sound",      "/GoToE",
                                        "/GoToR",          "/Trans3D", "/GoTo3DView", "/RichMediaExecute",
                                        "/FileAttachment", "/Screen",  "/3D",         "/RichMedia",
                                        "/EmbeddedFile"};

struct walk {
	qpdf_data q;
	qpdf_oh *waiting;
	size_t n;
	uint8_t *seen; /* a bit an object */
};

static bool among(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

static enum err later(struct walk *w, qpdf_oh oh)
{
	if (w->n == WAITING_MAX)
		return ERR(PDF_DAMAGED, "more than %d values wait", WAITING_MAX);
	w->waiting[w->n++] = oh;
	return ERR_OK;
}

static bool kind_is_bad(const struct walk *w, qpdf_oh value)
{
	return qpdf_oh_is_name(w->q, value) && among(qpdf_oh_get_name(w->q, value), bad_kinds, COUNT_OF(bad_kinds));
}

static enum err see_dict(struct walk *w, qpdf_oh dict)
{
	size_t n = 0;
	qpdf_oh_begin_dict_key_iter(w->q, dict);
	while (qpdf_oh_dict_more_keys(w->q)) {
		const char *key = qpdf_oh_dict_next_key(w->q);
		if (among(key, bad_keys, COUNT_OF(bad_keys)))
			return ERR(PDF_ACTIVE, "key %s", key);
		qpdf_oh value = qpdf_oh_get_key(w->q, dict, key);
		bool tells = strcmp(key, "/S") == 0 || strcmp(key, "/Subtype") == 0 || strcmp(key, "/Type") == 0;
		if (tells && kind_is_bad(w, value))
			return ERR(PDF_ACTIVE, "%s %s", key, qpdf_oh_get_name(w->q, value));
		if (++n > PDF_CHILDREN_MAX)
			return ERR(PDF_DAMAGED, "dictionary of more than %d keys", PDF_CHILDREN_MAX);
		TRY(later(w, value));
	}
	return ERR_OK;
}

static enum err see_array(struct walk *w, qpdf_oh array)
{
	int n = qpdf_oh_get_array_n_items(w->q, array);
	if (n > PDF_CHILDREN_MAX)
		return ERR(PDF_DAMAGED, "array of %d", n);
	for (int i = 0; i < n; i++)
		TRY(later(w, qpdf_oh_get_array_item(w->q, array, i)));
	return ERR_OK;
}

/* Each indirect object once; it may lead back to itself. */
static enum err seen_already(struct walk *w, qpdf_oh oh, bool *ret_seen)
{
	int id = qpdf_oh_is_indirect(w->q, oh) ? qpdf_oh_get_object_id(w->q, oh) : 0;
	if (id < 0 || id >= PDF_OBJECTS_MAX)
		return ERR(PDF_DAMAGED, "object %d", id);
	*ret_seen = id > 0 && (w->seen[id / 8] & 1 << id % 8) != 0;
	if (id > 0)
		w->seen[id / 8] |= (uint8_t)(1 << id % 8);
	return ERR_OK;
}

static enum err see(struct walk *w, qpdf_oh oh)
{
	bool seen;
	TRY(seen_already(w, oh, &seen));
	if (seen)
		return ERR_OK;
	switch (qpdf_oh_get_type_code(w->q, oh)) {
	case ot_array:
		return see_array(w, oh);
	case ot_dictionary:
		return see_dict(w, oh);
	case ot_stream:
		return later(w, qpdf_oh_get_dict(w->q, oh));
	default:
		return ERR_OK;
	}
}

static enum err walk_all(struct walk *w)
{
	TRY(later(w, qpdf_get_trailer(w->q)));
	while (w->n > 0) {
		qpdf_oh oh = w->waiting[--w->n];
		TRY(see(w, oh));
		qpdf_oh_release(w->q, oh);
	}
	return ERR_OK;
}

static const char *why(qpdf_data q)
{
	return qpdf_has_error(q) ? qpdf_get_error_full_text(q, qpdf_get_error(q)) : "no reason given";
}

static enum err open_error(qpdf_data q)
{
	qpdf_error e = qpdf_has_error(q) ? qpdf_get_error(q) : NULL;
	enum qpdf_error_code_e code = e != NULL ? qpdf_get_error_code(q, e) : qpdf_e_internal;
	if (code == qpdf_e_password || code == qpdf_e_unsupported)
		return ERR(PDF_ENCRYPTED, "password");
	return ERR(PDF_DAMAGED, "%s", e != NULL ? qpdf_get_error_message_detail(q, e) : "no reason given");
}

static enum err check(struct walk *w, struct span file, unsigned pages_max)
{
	qpdf_silence_errors(w->q);
	qpdf_set_suppress_warnings(w->q, QPDF_TRUE);
	qpdf_set_attempt_recovery(w->q, QPDF_FALSE);
	if ((qpdf_read_memory(w->q, "attachment", (const char *)file.ptr, file.len, NULL) & QPDF_ERRORS) != 0)
		return open_error(w->q);
	/* Encrypted or not, it opened without a password. What its owner forbids is for who changes it; we draw it, as
	 * every viewer does. */
	int n = qpdf_get_num_pages(w->q);
	if (qpdf_has_error(w->q))
		return ERR(PDF_DAMAGED, "%s", why(w->q));
	if (n < 1 || (unsigned)n > pages_max)
		return ERR(PDF_PAGES, "%d pages", n);
	TRY(walk_all(w));
	TRY(pdf_drawn_check(w->q, (unsigned)n));
	return qpdf_has_error(w->q) ? ERR(PDF_DAMAGED, "%s", why(w->q)) : ERR_OK;
}

enum err pdf_check(struct span file, unsigned pages_max)
{
	enum media m;
	if (!media_of(file, &m) || m != MEDIA_PDF)
		return ERR(PDF_NOT, "first octets of no document");
	struct walk w = {qpdf_init(), calloc(WAITING_MAX, sizeof(qpdf_oh)), 0, calloc(1, PDF_OBJECTS_MAX / 8)};
	enum err e = w.q != NULL && w.waiting != NULL && w.seen != NULL ? check(&w, file, pages_max)
	                                                                : ERR(NOMEM, "document");
	free(w.waiting);
	free(w.seen);
	if (w.q != NULL)
		qpdf_cleanup(&w.q);
	return e;
}
