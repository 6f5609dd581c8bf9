/* Page or JSON: the weights of Accept (RFC 9110, 12.5.1), for the two types that there are. */
#include "web/req.h"
#include <string.h>

/* How well a type is wanted: thousandths of q, and how exactly it was named (0 not at all, 1 any, 2 any of its kind, 3
 * itself). */
struct wish {
	int q, exact;
};

static struct span take_until(struct span *rest, uint8_t sep)
{
	size_t at;
	struct span part = *rest;

	if (!span_find(*rest, sep, &at)) {
		*rest = SPAN_EMPTY;
		return span_trim(part, " \t");
	}
	part = span_sub(*rest, 0, at);
	*rest = span_sub(*rest, at + 1, rest->len);
	return span_trim(part, " \t");
}

static bool same(struct span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp((const char *)s.ptr, text, s.len) == 0;
}

/* "0.35" is 350; what is no weight is none: 1000. */
static int weight(struct span v)
{
	int q = 0, place = 100;

	if (v.len == 0 || v.len > 5 || (v.ptr[0] != '0' && v.ptr[0] != '1') || (v.len > 1 && v.ptr[1] != '.'))
		return 1000;
	for (size_t i = 2; i < v.len; i++, place /= 10) {
		if (v.ptr[i] < '0' || v.ptr[i] > '9')
			return 1000;
		q += (v.ptr[i] - '0') * place;
	}
	return v.ptr[0] == '1' ? 1000 : q;
}

static int q_of(struct span params)
{
	while (params.len > 0) {
		struct span p = take_until(&params, ';');
		if (p.len > 2 && (p.ptr[0] == 'q' || p.ptr[0] == 'Q') && p.ptr[1] == '=')
			return weight(span_sub(p, 2, p.len));
	}
	return 1000;
}

/* The most exact range that covers the type counts, wherever it stands. */
static void consider(struct wish *w, struct span range, int q, const char *type, const char *kind)
{
	int exact = same(range, type) ? 3 : same(range, kind) ? 2 : same(range, "*/*") ? 1 : 0;

	if (exact > w->exact)
		*w = (struct wish){q, exact};
}

/* Equal weights: the one that is named, a page when both are. Of a body in JSON, JSON unless a page is asked for by
 * name. */
bool accept_json(const char *header, bool json_first)
{
	struct wish html = {0, 0}, json = {0, 0};
	struct span rest = span_str(header);

	while (rest.len > 0) {
		struct span params = take_until(&rest, ','), range = take_until(&params, ';');
		int q = q_of(params);
		consider(&html, range, q, "text/html", "text/*");
		consider(&json, range, q, "application/json", "application/*");
	}
	if (json.exact > 0 && json.q == 0)
		return false;
	if (json.q != html.q)
		return json.q > html.q;
	return json.exact != html.exact ? json.exact > html.exact : json_first && html.exact != 3;
}
