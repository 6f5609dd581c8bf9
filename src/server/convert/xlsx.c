#include "server/convert/xlsx_i.h"
#include <stdio.h>
#include <string.h>

#define TYPE_BOOK  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
#define TYPE_SHEET "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"

/* --- names of parts --- */

/* Target of a relationship of a part in `folder` ("xl/" or ""), as a part name; false when it leaves the package. */
static bool part_name(const char *folder, const char *target, char *ret, size_t cap)
{
	char path[2 * PART_NAME_MAX];
	bool absolute = target[0] == '/';
	int len = snprintf(path, sizeof(path), "%s%s", absolute ? "" : folder, absolute ? target + 1 : target);
	struct span rest = span_str(path), step;
	size_t n = 0;
	if (len <= 0 || (size_t)len >= sizeof(path) || strchr(path, '\\') != NULL)
		return false;
	for (bool more = true; more;) {
		more = span_take_until(&rest, '/', &step);
		step = more ? step : rest;
		if (span_eq_str(step, ".") || step.len == 0)
			continue;
		if (span_eq_str(step, "..")) { /* RFC 3986, 5.2.4 */
			if (n == 0)
				return false;
			for (n--; n > 0 && ret[n - 1] != '/';)
				n--;
			continue;
		}
		if (n + step.len + 2 > cap)
			return false;
		memcpy(ret + n, step.ptr, step.len);
		n += step.len;
		if (more)
			ret[n++] = '/';
	}
	ret[n] = 0;
	return n > 0;
}

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);
	return n >= m && strcmp(s + n - m, tail) == 0;
}

/* --- [Content_Types].xml: the type of a part by its name, else by its extension (ECMA-376 part 2, 7.2.3) --- */

struct types_job {
	const char *part;
	char type[160], by_extension[160];
};

static bool same_name(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

static enum err types_start(void *ctx, const char *name, const char **attrs)
{
	struct types_job *j = ctx;
	const char *part = xml_attr(attrs, "PartName"), *type = xml_attr(attrs, "ContentType"),
		   *extension = xml_attr(attrs, "Extension"), *dot = strrchr(j->part, '.');
	if (type == NULL)
		return ERR_OK;
	if (strcmp(name, "Override") == 0 && part != NULL && part[0] == '/' && same_name(part + 1, j->part))
		(void)snprintf(j->type, sizeof(j->type), "%s", type);
	if (strcmp(name, "Default") == 0 && extension != NULL && dot != NULL && same_name(dot + 1, extension))
		(void)snprintf(j->by_extension, sizeof(j->by_extension), "%s", type);
	return ERR_OK;
}

static enum err need_type(struct package *p, const char *part, const char *want)
{
	struct types_job j = {.part = part};
	const struct xml_reader r = {types_start, NULL, NULL, &j};
	enum err e = package_read(p, "[Content_Types].xml", &r);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR(XLSX_NOT, "no content types: not an office document");
	}
	TRY(e);
	const char *type = j.type[0] != 0 ? j.type : j.by_extension;
	if (strcasestr(type, "macroEnabled") != NULL)
		return ERR(XLSX_MACRO, "macro-enabled workbook");
	return same_name(type, want) ? ERR_OK
	                             : ERR(XLSX_NOT, "content type of %s is not that of a workbook part", part);
}

/* --- relationships --- */

struct rels_job {
	const char *folder, *type_tail, *id; /* id NULL: the first of the type */
	char part[PART_NAME_MAX];
	bool found, outside;
};

static enum err rels_start(void *ctx, const char *name, const char **attrs)
{
	struct rels_job *j = ctx;
	const char *id = xml_attr(attrs, "Id"), *type = xml_attr(attrs, "Type"), *target = xml_attr(attrs, "Target"),
		   *mode = xml_attr(attrs, "TargetMode");
	if (strcmp(name, "Relationship") != 0 || id == NULL || type == NULL || target == NULL)
		return ERR_OK;
	j->outside = j->outside || (mode != NULL && strcmp(mode, "External") == 0) || ends_with(type, "/externalLink");
	if (j->found || (j->id != NULL && strcmp(j->id, id) != 0) || !ends_with(type, j->type_tail))
		return ERR_OK;
	j->found = part_name(j->folder, target, j->part, sizeof(j->part));
	return j->found ? ERR_OK : ERR(XLSX_DAMAGED, "relationship leaves the package");
}

static enum err rels_read(struct package *p, const char *rels, struct rels_job *j)
{
	const struct xml_reader r = {rels_start, NULL, NULL, j};
	enum err e = package_read(p, rels, &r);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR(XLSX_NOT, "no %s", rels);
	}
	return e;
}

/* --- xl/workbook.xml --- */

struct book_job {
	struct book *b;
	char first_id[64];
	bool hidden;
};

static bool is_true(const char *v)
{
	return v != NULL && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
}

static enum err book_start(void *ctx, const char *name, const char **attrs)
{
	struct book_job *j = ctx;
	if (strcmp(name, "workbookPr") == 0)
		j->b->date1904 = is_true(xml_attr(attrs, "date1904"));
	if (strcmp(name, "sheet") != 0)
		return ERR_OK;
	const char *id = xml_attr(attrs, "id"), *state = xml_attr(attrs, "state");
	if (id == NULL)
		return ERR(XLSX_DAMAGED, "sheet without a relationship");
	if (++j->b->sheets > j->b->limits->sheets)
		return ERR(XLSX_LIMIT, "more than %u sheets", j->b->limits->sheets);
	if (j->b->sheets > 1)
		return ERR_OK;
	(void)snprintf(j->first_id, sizeof(j->first_id), "%s", id);
	j->hidden = state != NULL && strcmp(state, "visible") != 0;
	return ERR_OK;
}

/* Where the workbook lies, its folder and its relationships part. */
static enum err find_book(struct package *p, char *ret_part, char *ret_folder, char *ret_rels)
{
	struct rels_job top = {.folder = "", .type_tail = "/officeDocument"};
	TRY(rels_read(p, "_rels/.rels", &top));
	if (!top.found)
		return ERR(XLSX_NOT, "package without a document");
	TRY(need_type(p, top.part, TYPE_BOOK));
	const char *slash = strrchr(top.part, '/');
	int n = slash != NULL ? (int)(slash - top.part) + 1 : 0;
	(void)snprintf(ret_part, PART_NAME_MAX, "%s", top.part);
	(void)snprintf(ret_folder, PART_NAME_MAX, "%.*s", n, top.part);
	(void)snprintf(ret_rels, PART_NAME_MAX + 16, "%.*s_rels/%s.rels", n, top.part, top.part + n);
	return ERR_OK;
}

static enum err optional_part(struct package *p, const char *folder, const char *rels, const char *type, char *ret_part)
{
	struct rels_job j = {.folder = folder, .type_tail = type};
	TRY(rels_read(p, rels, &j));
	if (j.outside)
		return ERR(XLSX_LINK, "workbook refers to something outside");
	(void)snprintf(ret_part, PART_NAME_MAX, "%s", j.found ? j.part : "");
	return ERR_OK;
}

static enum err find_sheet(struct book *b, const char *part, const char *folder, const char *rels)
{
	struct book_job j = {.b = b};
	const struct xml_reader r = {book_start, NULL, NULL, &j};
	TRY(package_read(b->package, part, &r));
	if (b->sheets == 0)
		return ERR(XLSX_DAMAGED, "workbook without sheets");
	if (j.hidden)
		return ERR(XLSX_HEAD, "the first sheet is hidden");
	struct rels_job sheet = {.folder = folder, .type_tail = "/worksheet", .id = j.first_id};
	TRY(rels_read(b->package, rels, &sheet));
	if (!sheet.found)
		return ERR(XLSX_HEAD, "the first sheet is not a worksheet");
	(void)snprintf(b->sheet_part, sizeof(b->sheet_part), "%s", sheet.part);
	return need_type(b->package, sheet.part, TYPE_SHEET);
}

static enum err read_book(struct book *b, const struct xlsx_sink *sink, struct xlsx_summary *s)
{
	char part[PART_NAME_MAX], folder[PART_NAME_MAX], rels[PART_NAME_MAX + 16], strings[PART_NAME_MAX],
		styles[PART_NAME_MAX];
	TRY(find_book(b->package, part, folder, rels));
	if (package_has_under(b->package, "xl/vbaProject"))
		return ERR(XLSX_MACRO, "workbook carries macros");
	if (package_has_under(b->package, "xl/externalLinks/"))
		return ERR(XLSX_LINK, "workbook refers to other workbooks");
	TRY(optional_part(b->package, folder, rels, "/sharedStrings", strings));
	TRY(optional_part(b->package, folder, rels, "/styles", styles));
	TRY(find_sheet(b, part, folder, rels));
	if (strings[0])
		TRY(strings_read(b->package, strings, b->limits, &b->strings));
	if (styles[0])
		TRY(styles_read(b->package, styles, &b->styles));
	return sheet_read(b, sink, s);
}

enum err xlsx_read(struct span file, const struct xlsx_limits *limits, const struct xlsx_sink *sink,
                   struct xlsx_summary *ret_s)
{
	AUTO(package) p = NULL;
	struct xlsx_summary s = {0};
	TRY(package_open(file, limits, &p));
	struct book b = {.package = p, .limits = limits};
	enum err e = read_book(&b, sink, &s);
	strings_done(&b.strings);
	styles_done(&b.styles);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR(XLSX_DAMAGED, "a part of the workbook is missing");
	}
	TRY(e);
	s.sheets = b.sheets;
	s.date1904 = b.date1904;
	*ret_s = s;
	return ERR_OK;
}
