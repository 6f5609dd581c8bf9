/* Adding, removing, taking over, ending. */
#include "server/filing/attach_i.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_MAX = 1 << 20, SEALED_EXTRA = 256 };

const struct service_attachment *attach_slot(const struct service *s, const char *name)
{
	for (size_t i = 0; i < s->n_attachments; i++)
		if (strcmp(s->attachments[i].name, name) == 0)
			return &s->attachments[i];
	return NULL;
}

void attach_key(int64_t id, char ret[32])
{
	(void)snprintf(ret, 32, "%lld", (long long)id);
}

void attach_part_key(int64_t id, int page, int part, char ret[64])
{
	(void)snprintf(ret, 64, "%lld/%d/%d", (long long)id, page, part);
}

/* --- the name --- */

static bool name_holds(uint32_t cp)
{
	return text_cp_is_plain(cp) && (cp >= 0x80 || strchr(";=\\/:*?\"<>|%", (int)cp) == NULL);
}

void attach_name(const char *name, enum media m, char ret[ATTACH_NAME_MAX + 1])
{
	static const char *const plain[] = {
		[MEDIA_JPEG] = "附件.jpg", [MEDIA_PNG] = "附件.png", [MEDIA_PDF] = "附件.pdf"};
	AUTO_BUF(out, ATTACH_NAME_MAX);
	struct span rest = span_str(name), part;
	while (span_take_until(&rest, '/', &part) || span_take_until(&rest, '\\', &part))
		;
	while (rest.len > 0) {
		uint32_t cp = 0;
		size_t n = text_decode(rest, &cp);
		size_t took = n > 0 ? n : 1;
		if (out.len + took > ATTACH_NAME_MAX)
			break;
		buf_put(&out, n > 0 && name_holds(cp) ? span_sub(rest, 0, n) : SPAN_LIT("_"));
		rest = span_sub(rest, took, rest.len);
	}
	bool good = out.len > 0 && text_line_check(buf_span(&out)) == ERR_OK;
	if (!good)
		err_clear();
	(void)snprintf(ret, ATTACH_NAME_MAX + 1, "%s", good ? buf_cstr(&out) : plain[m]);
}

/* --- what is to be written, sealed before the transaction --- */

struct part {
	int page, part;
	struct buf sealed;
};
struct adding {
	const struct filing_desk *d;
	const struct filing_who *by;
	const struct attach_new *a;
	const struct service *service;
	const struct service_attachment *slot;
	struct filing f;
	int64_t id, now, expires;
	char sm3[65];
	struct buf name;
	struct part *parts;
	size_t n_parts, room;
	struct filing_act log;
};

static void adding_done(struct adding *w)
{
	filing_log_end(w->d, &w->log);
	for (size_t i = 0; i < w->n_parts; i++)
		buf_done(&w->parts[i].sealed);
	free(w->parts);
	buf_done(&w->name);
}

static enum err seal_page(struct adding *w, int page, struct span bytes)
{
	for (int part = 0; bytes.len > 0; part++) {
		char key[64];
		struct span piece = span_sub(bytes, 0, PART_MAX);
		INVARIANT(w->n_parts < w->room);
		struct part *p = &w->parts[w->n_parts++];
		*p = (struct part){page, part, buf_make(PART_MAX + SEALED_EXTRA)};
		attach_part_key(w->id, page, part, key);
		TRY(field_seal(w->d->desk->keys, "attachment_part.sealed", span_str(key), piece, &p->sealed));
		bytes = span_sub(bytes, piece.len, bytes.len);
	}
	return ERR_OK;
}

static size_t parts_of(size_t len)
{
	return (len + PART_MAX - 1) / PART_MAX;
}

static enum err seal_all(struct adding *w)
{
	const struct rendering *r = w->a->drawn;
	char key[32], name[ATTACH_NAME_MAX + 1];
	w->room = parts_of(w->a->file.len);
	for (size_t i = 0; i < r->n; i++)
		w->room += parts_of(r->v[i].len);
	w->parts = calloc(w->room, sizeof(*w->parts));
	if (w->parts == NULL)
		return ERR(NOMEM, "attachment");
	attach_key(w->id, key);
	attach_name(w->a->name, r->head.media, name);
	TRY(field_seal(w->d->desk->keys, "attachment.name", span_str(key), span_str(name), &w->name));
	TRY(seal_page(w, ATTACH_ORIGINAL, w->a->file));
	for (size_t i = 0; i < r->n; i++)
		TRY(seal_page(w, (int)r->v[i].number, span_sub(buf_span(&r->bytes), r->v[i].at, r->v[i].len)));
	return ERR_OK;
}

static enum err digest(struct span s, char ret_hex[65])
{
	uint8_t d[SM3_LEN];
	AUTO_BUF(hex, 65);
	TRY(sm3_digest(s, d));
	text_hex(&hex, SPAN_ARR(d));
	memcpy(ret_hex, buf_cstr(&hex), 65);
	return ERR_OK;
}

/* --- rules --- */

struct sums {
	const struct filing *f;
	const char *slot;
	int64_t all, octets, here;
	int64_t held; /* in all open filings of the holder, a shared file once */
};

static enum err sums_row(const struct row *row, void *ctx)
{
	struct sums *s = ctx;
	s->all = row_int(row, 0);
	s->octets = row_int(row, 1);
	s->here = row_int(row, 2);
	return ERR_OK;
}

static enum err int_row(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

static enum err sums_fn(struct tx *tx, void *arg)
{
	struct sums *s = arg;
	TRY(tx_one(tx, "attach_sums", SQL_ARGS(A_TEXT(s->f->no), A_TEXT(s->slot)), sums_row, s));
	return s->f->unit_no[0] != 0
	               ? tx_one(tx, "attach_held_unit", SQL_ARGS(A_TEXT(s->f->unit_no)), int_row, &s->held)
	               : tx_one(tx, "attach_held_person", SQL_ARGS(A_TEXT(s->f->person_id)), int_row, &s->held);
}

static enum err room_check(const struct sums *s, const struct service_attachment *slot, size_t octets)
{
	if (s->here >= slot->max_count || s->all >= ATTACH_COUNT_MAX)
		return ERR(ATTACH_COUNT, "%lld in %s, %lld in all", (long long)s->here, slot->name, (long long)s->all);
	if (s->octets + (int64_t)octets > ATTACH_TOTAL_MAX)
		return ERR(ATTACH_TOTAL, "%lld octets and %zu more", (long long)s->octets, octets);
	if (s->held + (int64_t)octets > ATTACH_HOLDER_MAX)
		return ERR(ATTACH_HOLDER, "%lld octets in open filings and %zu more", (long long)s->held, octets);
	return ERR_OK;
}

static enum err editable(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                         struct filing *f, const struct service **ret_s)
{
	TRY(filing_find(d, no, f));
	TRY(filing_is_his(f, by));
	TRY(filing_may(d, f, FACT_SAVE, by));
	if (f->version != version)
		return ERR(CONFLICT, "filing %s is version %lld", no, (long long)f->version);
	return filing_service(d, f, ret_s);
}

static enum err slot_check(const struct service *s, const char *name, size_t octets,
                           const struct service_attachment **ret_slot)
{
	const struct service_attachment *slot = attach_slot(s, name);
	if (slot == NULL)
		return ERR(FIELD_VALUE, "no such attachment in %s", s->code);
	if (octets == 0 || (int64_t)octets > slot->max_bytes || octets > ATTACH_FILE_MAX)
		return ERR(ATTACH_SIZE, "%zu octets", octets);
	*ret_slot = slot;
	return ERR_OK;
}

enum err attach_may_add(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                        const char *slot_name, size_t octets)
{
	struct filing f;
	const struct service *s;
	const struct service_attachment *slot;
	struct sums sums = {.f = &f, .slot = slot_name};
	TRY(editable(d, no, version, by, &f, &s));
	TRY(slot_check(s, slot_name, octets, &slot));
	TRY(store_read(d->desk->store, sums_fn, &sums));
	return room_check(&sums, slot, octets);
}

/* --- the filing's new version, with its entry in the log --- */

static enum err touch_tx(struct tx *tx, const struct adding *w)
{
	int64_t changed = 0;
	TRY(tx_exec(tx, "attach_touch",
	            SQL_ARGS(A_TEXT(w->f.no), A_INT(w->f.version), A_INT(w->now), A_INT(w->expires)), &changed));
	if (changed != 1)
		return ERR(CONFLICT, "filing %s changed meanwhile", w->f.no);
	return w->d->log_write != NULL ? w->d->log_write(tx, &w->log) : ERR_OK;
}

static enum err begin(struct adding *w, const char *no, int64_t version)
{
	TRY(editable(w->d, no, version, w->by, &w->f, &w->service));
	w->now = clock_now(w->d->desk->clock);
	w->expires = filing_term_end(w->d, w->now, w->service->draft_days);
	w->log = (struct filing_act){.filing = &w->f,
	                             .kind = FACT_SAVE,
	                             .from = w->f.state,
	                             .to = w->f.state,
	                             .time = w->now,
	                             .by = w->by,
	                             .rule = "",
	                             .statement_sm3 = ""};
	return ERR_OK;
}

/* --- adding --- */

static enum err id_tx(struct tx *tx, void *arg)
{
	TRY(tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT("attachment")), NULL));
	return tx_one(tx, "counter_get", SQL_ARGS(A_TEXT("attachment")), int_row, arg);
}

static enum err rows_tx(struct tx *tx, const struct adding *w)
{
	TRY(tx_exec(tx, "attach_file_put",
	            SQL_ARGS(A_INT(w->id), A_INT(w->a->drawn->head.media), A_INT((int64_t)w->a->file.len),
	                     A_INT(w->a->drawn->head.pages), A_TEXT(w->sm3), A_TEXT(w->by->person_id), A_INT(w->now)),
	            NULL));
	enum err e = tx_exec(tx, "attach_put",
	                     SQL_ARGS(A_TEXT(w->f.no), A_INT(w->id), A_TEXT(w->a->slot), A_TEXT(w->sm3),
	                              A_BLOB(buf_span(&w->name))),
	                     NULL);
	if (e == ERR_EXISTS) {
		err_clear();
		return ERR(ATTACH_SAME, "the same octets are in %s already", w->a->slot);
	}
	TRY(e);
	for (size_t i = 0; i < w->n_parts; i++)
		TRY(tx_exec(tx, "attach_part_put",
		            SQL_ARGS(A_INT(w->id), A_INT(w->parts[i].page), A_INT(w->parts[i].part),
		                     A_BLOB(buf_span(&w->parts[i].sealed))),
		            NULL));
	return ERR_OK;
}

static enum err add_tx(struct tx *tx, void *arg)
{
	const struct adding *w = arg;
	struct sums sums = {.f = &w->f, .slot = w->a->slot};
	TRY(sums_fn(tx, &sums));
	TRY(room_check(&sums, w->slot, w->a->file.len));
	TRY(rows_tx(tx, w));
	return touch_tx(tx, w);
}

static enum err add(struct adding *w)
{
	struct store *store = w->d->desk->store;
	TRY(slot_check(w->service, w->a->slot, w->a->file.len, &w->slot));
	TRY(digest(w->a->file, w->sm3));
	TRY(store_write(store, id_tx, &w->id));
	TRY(seal_all(w));
	TRY(filing_log_begin(w->d, &w->log));
	return store_write(store, add_tx, w);
}

enum err attach_add(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                    const struct attach_new *a, int64_t *ret_version)
{
	struct adding w = {.d = d, .by = by, .a = a, .name = buf_make(ATTACH_NAME_MAX + SEALED_EXTRA)};
	enum err e = begin(&w, no, version);
	if (e == ERR_OK)
		e = add(&w);
	adding_done(&w);
	TRY(e);
	*ret_version = version + 1;
	return ERR_OK;
}

/* --- removing --- */

static enum err file_end_tx(struct tx *tx, int64_t file)
{
	TRY(tx_exec(tx, "attach_parts_end", SQL_ARGS(A_INT(file)), NULL));
	return tx_exec(tx, "attach_file_end", SQL_ARGS(A_INT(file)), NULL);
}

static enum err remove_tx(struct tx *tx, void *arg)
{
	const struct adding *w = arg;
	int64_t changed = 0;
	TRY(tx_exec(tx, "attach_remove", SQL_ARGS(A_TEXT(w->f.no), A_INT(w->id)), &changed));
	if (changed != 1)
		return ERR(ABSENT, "attachment");
	TRY(file_end_tx(tx, w->id));
	return touch_tx(tx, w);
}

enum err attach_remove(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                       int64_t id, int64_t *ret_version)
{
	struct adding w = {.d = d, .by = by, .id = id};
	enum err e = begin(&w, no, version);
	if (e == ERR_OK)
		e = filing_log_begin(d, &w.log);
	if (e == ERR_OK)
		e = store_write(d->desk->store, remove_tx, &w);
	adding_done(&w);
	TRY(e);
	*ret_version = version + 1;
	return ERR_OK;
}

/* --- with the filing --- */

enum err attach_copy_tx(struct tx *tx, const char *from_no, const char *to_no)
{
	return tx_exec(tx, "attach_copy", SQL_ARGS(A_TEXT(from_no), A_TEXT(to_no)), NULL);
}

struct files {
	int64_t v[ATTACH_COUNT_MAX];
	size_t n;
};

static enum err files_row(const struct row *row, void *ctx)
{
	struct files *f = ctx;
	if (f->n == ATTACH_COUNT_MAX)
		return ERR(INTERNAL, "stored attachments");
	f->v[f->n++] = row_int(row, 0);
	return ERR_OK;
}

enum err attach_void_tx(struct tx *tx, const struct filing *f)
{
	struct files files = {.n = 0};
	if (f->submit_sm3[0] != 0)
		return ERR_OK;
	TRY(tx_query(tx, "attach_files_of", SQL_ARGS(A_TEXT(f->no)), files_row, &files));
	TRY(tx_exec(tx, "attach_remove_all", SQL_ARGS(A_TEXT(f->no)), NULL));
	for (size_t i = 0; i < files.n; i++)
		TRY(file_end_tx(tx, files.v[i]));
	return ERR_OK;
}
