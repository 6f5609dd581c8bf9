#include "server/convert/xlsx_i.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { CHUNK = 1 << 16 };

struct package {
	zip_t *zip;
	zip_int64_t entries;
	uint64_t left; /* octets that may still be inflated */
};

/* --- the container --- */

/* [MS-CFB] 2.2: an encrypted .xlsx and an old .xls are both compound files; the former names its stream. */
static enum err not_zip(struct span file)
{
	static const uint8_t cfb[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
	static const uint8_t name[] = {'E', 0, 'n', 0, 'c', 0, 'r', 0, 'y', 0, 'p', 0, 't', 0, 'e', 0, 'd', 0};
	if (!span_starts(file, SPAN_ARR(cfb)))
		return ERR(XLSX_NOT, "neither a zip nor a compound file");
	if (memmem(file.ptr, file.len, name, sizeof(name)) != NULL)
		return ERR(XLSX_ENCRYPTED, "compound file with an encrypted package");
	return ERR(XLSX_OLD, "compound file");
}

/* Names of parts compare without case (ECMA-376 part 2, 6.2.2.3); some writers of Windows put backslashes between
 * folders. */
static int name_char(char c)
{
	return c == '\\' ? '/' : c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static bool names_begin(const char *name, const char *with)
{
	while (*with != 0 && name_char(*name) == name_char(*with)) {
		name++;
		with++;
	}
	return *with == 0;
}

static bool names_equal(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && names_begin(a, b);
}

/* Index of a part, -1 when there is none. */
static zip_int64_t part_find(const struct package *p, const char *part)
{
	for (zip_int64_t i = 0; i < p->entries; i++) {
		const char *name = zip_get_name(p->zip, (zip_uint64_t)i, 0);
		if (name != NULL && names_equal(name, part))
			return i;
	}
	return -1;
}

static enum err check_entries(struct package *p)
{
	p->entries = zip_get_num_entries(p->zip, 0);
	if (p->entries < 1 || p->entries > XLSX_ENTRIES_MAX)
		return ERR(XLSX_LIMIT, "%lld entries in the package", (long long)p->entries);
	for (zip_int64_t i = 0; i < p->entries; i++) {
		zip_stat_t st;
		if (zip_stat_index(p->zip, (zip_uint64_t)i, 0, &st) != 0 || !(st.valid & ZIP_STAT_NAME))
			return ERR(XLSX_DAMAGED, "entry %lld of the package", (long long)i);
		if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
			return ERR(XLSX_ENCRYPTED, "entry with a password");
		for (zip_int64_t j = 0; j < i; j++) {
			const char *other = zip_get_name(p->zip, (zip_uint64_t)j, 0);
			if (other != NULL && names_equal(other, st.name))
				return ERR(XLSX_DAMAGED, "two parts of one name");
		}
	}
	return ERR_OK;
}

enum err package_open(struct span file, const struct xlsx_limits *limits, struct package **ret_p)
{
	zip_error_t why;
	if (file.len > XLSX_FILE_MAX)
		return ERR(XLSX_LIMIT, "file of %zu octets", file.len);
	if (!span_starts(file, SPAN_LIT("PK")))
		return not_zip(file);
	AUTO(package) p = calloc(1, sizeof(*p));
	if (p == NULL)
		return ERR(NOMEM, "package");
	p->left = limits->inflated;
	zip_error_init(&why);
	zip_source_t *src = zip_source_buffer_create(file.ptr, file.len, 0, &why);
	if (src == NULL)
		return ERR(NOMEM, "package");
	p->zip = zip_open_from_source(src, ZIP_RDONLY | ZIP_CHECKCONS, &why);
	if (p->zip == NULL) {
		zip_source_free(src);
		return ERR(XLSX_DAMAGED, "zip structure, reason %d", zip_error_code_zip(&why));
	}
	TRY(check_entries(p));
	*ret_p = STEAL(p);
	return ERR_OK;
}

void package_free(struct package *p)
{
	if (p == NULL)
		return;
	if (p->zip != NULL)
		zip_discard(p->zip);
	free(p);
}

bool package_has(const struct package *p, const char *name)
{
	return part_find(p, name) >= 0;
}

bool package_has_under(const struct package *p, const char *folder)
{
	for (zip_int64_t i = 0; i < p->entries; i++) {
		const char *name = zip_get_name(p->zip, (zip_uint64_t)i, 0);
		if (name != NULL && names_begin(name, folder))
			return true;
	}
	return false;
}

/* --- XML --- */

struct feed {
	XML_Parser parser;
	const struct xml_reader *r;
	enum err e;
	int depth;
};

/* Names arrive as "namespace|local". */
static const char *local_name(const char *name)
{
	static const char *const known[] = {
		"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
		"http://purl.oclc.org/ooxml/spreadsheetml/main",
		"http://schemas.openxmlformats.org/package/2006/relationships",
		"http://schemas.openxmlformats.org/package/2006/content-types",
	};
	const char *bar = strrchr(name, '|');
	if (bar == NULL)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strlen(known[i]) == (size_t)(bar - name) && strncmp(known[i], name, strlen(known[i])) == 0)
			return bar + 1;
	return NULL;
}

static void stop_on(struct feed *f, enum err e)
{
	if (e == ERR_OK || f->e != ERR_OK)
		return;
	f->e = e;
	XML_StopParser(f->parser, XML_FALSE);
}

static void XMLCALL on_start(void *ctx, const char *name, const char **attrs)
{
	struct feed *f = ctx;
	const char *local = local_name(name);
	if (++f->depth > XML_DEPTH_MAX)
		stop_on(f, ERR(XLSX_DAMAGED, "XML nested deeper than %d", XML_DEPTH_MAX));
	else if (local != NULL && f->e == ERR_OK && f->r->start != NULL)
		stop_on(f, f->r->start(f->r->ctx, local, attrs));
}

static void XMLCALL on_end(void *ctx, const char *name)
{
	struct feed *f = ctx;
	const char *local = local_name(name);
	f->depth--;
	if (local != NULL && f->e == ERR_OK && f->r->end != NULL)
		stop_on(f, f->r->end(f->r->ctx, local));
}

static void XMLCALL on_text(void *ctx, const char *s, int len)
{
	struct feed *f = ctx;
	if (f->e == ERR_OK && f->r->text != NULL)
		stop_on(f, f->r->text(f->r->ctx, span_of(s, (size_t)len)));
}

static void XMLCALL on_doctype(void *ctx, const char *name, const char *sysid, const char *pubid, int internal)
{
	(void)name, (void)sysid, (void)pubid, (void)internal;
	stop_on(ctx, ERR(XLSX_ENTITY, "document type declaration"));
}

static enum err feed_chunk(struct feed *f, const char *name, const char *bytes, size_t n, bool last)
{
	if (XML_Parse(f->parser, bytes, (int)n, last) == XML_STATUS_OK && f->e == ERR_OK)
		return ERR_OK;
	if (f->e != ERR_OK)
		return f->e;
	enum XML_Error why = XML_GetErrorCode(f->parser);
	if (why == XML_ERROR_NO_MEMORY)
		return ERR(NOMEM, "XML");
	return ERR(XLSX_DAMAGED, "%s is not well-formed XML, reason %d at line %lu", name, (int)why,
	           (unsigned long)XML_GetCurrentLineNumber(f->parser));
}

static enum err pump(struct package *p, zip_file_t *in, const char *name, struct feed *f)
{
	static char chunk[CHUNK]; /* one job, one thread */
	for (;;) {
		zip_int64_t n = zip_fread(in, chunk, sizeof(chunk));
		if (n < 0)
			return ERR(XLSX_DAMAGED, "%s cannot be inflated", name);
		if ((uint64_t)n > p->left)
			return ERR(XLSX_BOMB, "inflates past the limit in %s", name);
		p->left -= (uint64_t)n;
		TRY(feed_chunk(f, name, chunk, (size_t)n, n == 0));
		if (n == 0)
			return ERR_OK;
	}
}

enum err package_read(struct package *p, const char *name, const struct xml_reader *r)
{
	struct feed f = {.parser = XML_ParserCreateNS("UTF-8", '|'), .r = r};
	if (f.parser == NULL)
		return ERR(NOMEM, "XML parser");
	XML_SetUserData(f.parser, &f);
	XML_SetElementHandler(f.parser, on_start, on_end);
	XML_SetCharacterDataHandler(f.parser, on_text);
	XML_SetStartDoctypeDeclHandler(f.parser, on_doctype);
	zip_int64_t at = part_find(p, name);
	zip_file_t *in = at >= 0 ? zip_fopen_index(p->zip, (zip_uint64_t)at, 0) : NULL;
	enum err e = in != NULL ? pump(p, in, name, &f) : ERR(ABSENT, "no part %s", name);
	if (in != NULL)
		(void)zip_fclose(in);
	XML_ParserFree(f.parser);
	return e;
}

/* Attributes without a prefix have no namespace. r:id comes as "namespace|id": found by its local name. */
const char *xml_attr(const char **attrs, const char *name)
{
	for (; attrs[0] != NULL; attrs += 2) {
		const char *bar = strrchr(attrs[0], '|');
		if (strcmp(bar != NULL ? bar + 1 : attrs[0], name) == 0)
			return attrs[1];
	}
	return NULL;
}
