/* What folding changed, told in words: on the check page by rows, at the desk's form before anything is kept. */
#include "server/filing/filing_sheet.h"
#include "server/portal/filing_sheet.h"
#include "base/text_fold.h"
#include <stdio.h>
#include <stdlib.h>

static enum err put_words(struct mo *o, unsigned what)
{
	static const char *const words[FOLD_WHATS] = {"去掉看不见的符号",
	                                              "去掉或统一空格",
	                                              "全角字符改为半角",
	                                              "部首和兼容字形换成通用字形",
	                                              "自造字按 GB 18030-2022 换成通用字",
	                                              "字母与附加符号合为一个字",
	                                              "间隔号统一为“·”，首尾的点去掉",
	                                              "末尾括号中的说明去掉",
	                                              "去掉开头的附加符号，它前面没有字"};
	AUTO_BUF(text, 512);
	for (size_t i = 0; i < FOLD_WHATS; i++)
		if (what & 1u << i)
			buf_printf(&text, "%s%s", text.len > 0 ? "；" : "", words[i]);
	TRY(buf_err(&text));
	mo_str(o, "words", buf_cstr(&text));
	return mo_err(o);
}

/* Of a secret field neither is shown: that something was changed is. */
static enum err put_one(json_t *list, const struct service_field *f, const json_t *row, const char *place)
{
	const char *from;
	unsigned what = content_typed(row, f->name, &from);
	AUTO_BUF(shown, 16 * SERVICE_VALUE_MAX);
	if (what == 0)
		return ERR_OK;
	struct mo o = mo_item(list);
	text_fold_show(span_str(from), &shown);
	TRY(buf_err(&shown));
	mo_str(&o, "row", place);
	mo_str(&o, "label", f->label);
	mo_str(&o, "from", buf_cstr(&shown));
	mo_str(&o, "to", from[0] != 0 ? json_str_or(row, f->name, "") : "");
	return put_words(&o, what);
}

enum err folded_put(json_t *list, const struct service_fields *fields, const json_t *row, const char *place)
{
	if (json_object_get(row, CONTENT_TYPED) == NULL)
		return ERR_OK;
	for (size_t i = 0; i < fields->n; i++)
		TRY(put_one(list, &fields->v[i], row, place));
	return ERR_OK;
}

enum err folded_end(struct mo *m, json_t *list)
{
	size_t n = json_array_size(list);
	mo_bool(m, "has_folded", n > 0);
	mo_int(m, "folded_count", (int64_t)n);
	mo_bool(m, "more_folded", n > FOLDED_SHOWN);
	while (json_array_size(list) > FOLDED_SHOWN)
		(void)json_array_remove(list, FOLDED_SHOWN);
	return mo_err(m);
}

static enum err put_rows(json_t *list, const struct service *s, const json_t *rows, const int64_t *numbers)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		char place[48];
		(void)snprintf(place, sizeof(place), "第 %lld 行",
		               numbers[i] > 0 ? (long long)numbers[i] : (long long)i + 1);
		TRY(folded_put(list, &s->row_fields, json_array_get(rows, i), place));
	}
	return ERR_OK;
}

enum err filing_put_folded(struct mo *m, const struct filing_desk *d, const struct filing *f, const struct service *s,
                           const json_t *content)
{
	const json_t *rows = json_object_get(content, "rows");
	json_t *list = mo_list(m, "folded");
	TRY(mo_err(m));
	TRY(folded_put(list, &s->fields, json_object_get(content, "form"), "申报信息"));
	int64_t *numbers = calloc(json_array_size(rows) + 1, sizeof(*numbers));
	enum err e = numbers != NULL ? filing_sheet_numbers(d, f->no, rows, numbers) : ERR(NOMEM, "rows");
	if (e == ERR_OK)
		e = put_rows(list, s, rows, numbers);
	free(numbers);
	TRY(e);
	return folded_end(m, list);
}
