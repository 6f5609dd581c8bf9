#include "server/convert/xlsx_i.h"
#include <stdlib.h>
#include <string.h>

enum { STRINGS_BYTES_MAX = 24 << 20, FORMATS_MAX = 65536, ROOM_STEP = 1024 };

static enum err room(void **items, size_t n, size_t size)
{
	if (n % ROOM_STEP != 0)
		return ERR_OK;
	void *more = realloc(*items, (n + ROOM_STEP) * size);
	if (more == NULL)
		return ERR(NOMEM, "workbook tables");
	*items = more;
	return ERR_OK;
}

/* --- shared strings (ECMA-376 18.4): <si> of <t>, or of rich runs <r><t>; phonetic runs <rPh> are not the text --- */

struct strings_job {
	struct strings *s;
	const struct xlsx_limits *limits;
	int phonetic;
	bool in_t;
};

static enum err strings_start(void *ctx, const char *name, const char **attrs)
{
	struct strings_job *j = ctx;
	(void)attrs;
	if (strcmp(name, "rPh") == 0)
		j->phonetic++;
	j->in_t = strcmp(name, "t") == 0 && j->phonetic == 0;
	if (strcmp(name, "si") != 0)
		return ERR_OK;
	if (j->s->n >= j->limits->strings)
		return ERR(XLSX_LIMIT, "more than %u shared strings", j->limits->strings);
	TRY(room((void **)&j->s->v, j->s->n, sizeof(*j->s->v)));
	j->s->v[j->s->n++] = (struct item){(uint32_t)j->s->bytes.len, 0, false};
	return ERR_OK;
}

static enum err strings_end(void *ctx, const char *name)
{
	struct strings_job *j = ctx;
	j->in_t = false;
	if (strcmp(name, "rPh") == 0)
		j->phonetic--;
	if (strcmp(name, "si") == 0 && j->s->n > 0 && !j->s->v[j->s->n - 1].is_long) {
		struct item *it = &j->s->v[j->s->n - 1];
		it->len = (uint32_t)value_unescape(j->s->bytes.ptr + it->at, it->len);
		buf_cut(&j->s->bytes, it->at + it->len);
	}
	return ERR_OK;
}

static enum err strings_text(void *ctx, struct span s)
{
	struct strings_job *j = ctx;
	if (!j->in_t || j->s->n == 0)
		return ERR_OK;
	struct item *it = &j->s->v[j->s->n - 1];
	if (it->is_long)
		return ERR_OK;
	if (it->len + s.len > j->limits->cell_bytes) {
		buf_cut(&j->s->bytes, it->at);
		*it = (struct item){it->at, 0, true};
		return ERR_OK;
	}
	buf_put(&j->s->bytes, s);
	it->len += (uint32_t)s.len;
	if (buf_err(&j->s->bytes) != ERR_OK)
		return ERR(XLSX_LIMIT, "shared strings of more than %d octets", STRINGS_BYTES_MAX);
	return ERR_OK;
}

enum err strings_read(struct package *p, const char *part, const struct xlsx_limits *limits, struct strings *s)
{
	struct strings_job j = {.s = s, .limits = limits};
	const struct xml_reader r = {strings_start, strings_end, strings_text, &j};
	s->bytes = buf_make(STRINGS_BYTES_MAX);
	return package_read(p, part, &r);
}

void strings_done(struct strings *s)
{
	buf_done(&s->bytes);
	free(s->v);
	*s = (struct strings){0};
}

/* --- number formats (18.8): <numFmts><numFmt>, then <cellXfs><xf numFmtId> by index --- */

struct styles_job {
	struct styles *s;
	uint8_t *date; /* by numFmtId */
	bool in_xfs;
};

/* 18.8.30: the built-in formats that show a date, those of the East Asian locales included. */
static bool builtin_date(int64_t id)
{
	return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

/* y, m, d, h or s outside quotes, brackets and escapes. Only the first section counts. */
bool format_is_date(const char *code)
{
	bool quoted = false;
	int bracket = 0;
	for (const char *c = code; *c && !(*c == ';' && !quoted); c++) {
		if (*c == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if ((*c == '\\' || *c == '_' || *c == '*') && c[1])
			c++;
		else if (*c == '[')
			bracket++;
		else if (*c == ']')
			bracket -= bracket > 0;
		else if (bracket == 0 && strncasecmp(c, "General", 7) == 0)
			c += 6;
		else if (bracket == 0 && strchr("yYmMdDhHsS", *c) != NULL)
			return true;
	}
	return false;
}

static enum err styles_start(void *ctx, const char *name, const char **attrs)
{
	struct styles_job *j = ctx;
	const char *id_text = xml_attr(attrs, "numFmtId"), *code = xml_attr(attrs, "formatCode");
	int64_t id = 0;
	if (strcmp(name, "cellXfs") == 0)
		j->in_xfs = true;
	bool known = id_text != NULL && value_int(span_str(id_text), FORMATS_MAX - 1, &id);
	if (strcmp(name, "numFmt") == 0 && known && code != NULL)
		j->date[id] = format_is_date(code) ? 1 : 2;
	if (strcmp(name, "xf") != 0 || !j->in_xfs)
		return ERR_OK;
	if (j->s->n >= FORMATS_MAX)
		return ERR(XLSX_LIMIT, "more than %d cell formats", FORMATS_MAX);
	TRY(room((void **)&j->s->is_date, j->s->n, sizeof(*j->s->is_date)));
	j->s->is_date[j->s->n++] = known && (j->date[id] == 1 || (j->date[id] == 0 && builtin_date(id)));
	return ERR_OK;
}

static enum err styles_end(void *ctx, const char *name)
{
	struct styles_job *j = ctx;
	if (strcmp(name, "cellXfs") == 0)
		j->in_xfs = false;
	return ERR_OK;
}

enum err styles_read(struct package *p, const char *part, struct styles *s)
{
	struct styles_job j = {.s = s, .date = calloc(FORMATS_MAX, 1)};
	const struct xml_reader r = {styles_start, styles_end, NULL, &j};
	if (j.date == NULL)
		return ERR(NOMEM, "number formats");
	enum err e = package_read(p, part, &r);
	free(j.date);
	return e;
}

void styles_done(struct styles *s)
{
	free(s->is_date);
	*s = (struct styles){0};
}
