#include "client/agent/origin.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct origins {
	char entries[ORIGINS_MAX][ORIGIN_MAX + 1];
	size_t n;
};

static bool is_host_char(uint8_t c, bool v6)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
		return true;
	if (v6)
		return c == ':';
	return (c >= 'g' && c <= 'z') || c == '.' || c == '-';
}

/* Takes the host off the front; what remains is empty or ":port". */
static bool take_host(struct span *rest)
{
	bool v6 = rest->len > 0 && rest->ptr[0] == '[';
	size_t i = v6 ? 1 : 0, start = i;

	while (i < rest->len && is_host_char(rest->ptr[i], v6))
		i++;
	if (i == start || (v6 && (i == rest->len || rest->ptr[i++] != ']')))
		return false;
	*rest = span_sub(*rest, i, rest->len);
	return true;
}

/* RFC 6454 6.2: a browser leaves the default port out, so an entry that holds it would never match. */
static bool port_fits(struct span rest, int64_t standard)
{
	int64_t port;

	if (rest.len == 0)
		return true;
	if (rest.ptr[0] != ':')
		return false;
	if (text_i64(span_sub(rest, 1, rest.len), 1, 65535, &port) == ERR_OK)
		return port != standard;
	err_clear();
	return false;
}

static bool is_origin(struct span s)
{
	bool tls = span_starts(s, SPAN_LIT("https://"));

	if (s.len > ORIGIN_MAX || (!tls && !span_starts(s, SPAN_LIT("http://"))))
		return false;
	struct span rest = span_sub(s, tls ? 8 : 7, s.len);
	return take_host(&rest) && port_fits(rest, tls ? 443 : 80);
}

static enum err add(struct origins *o, const char *from, size_t len)
{
	if (!is_origin(span_of(from, len)))
		return ERR(CONFIG, "origins: \"%.*s\" is not scheme://host[:port]", len < 80 ? (int)len : 80, from);
	if (o->n == ORIGINS_MAX)
		return ERR(CONFIG, "origins: more than %d", ORIGINS_MAX);
	memcpy(o->entries[o->n], from, len);
	o->entries[o->n++][len] = '\0';
	return ERR_OK;
}

enum err origins_parse(const char *list, struct origins **ret_o)
{
	AUTO(origins) o = calloc(1, sizeof(*o));

	if (o == NULL)
		return ERR(NOMEM, "origins");
	for (;;) {
		list += strspn(list, " ,");
		size_t len = strcspn(list, " ,");
		if (len == 0)
			break;
		TRY(add(o, list, len));
		list += len;
	}
	*ret_o = STEAL(o);
	return ERR_OK;
}

void origins_free(struct origins *o)
{
	free(o);
}

bool origins_has(const struct origins *o, struct span origin)
{
	for (size_t i = 0; i < o->n; i++)
		if (span_eq_str(origin, o->entries[i]))
			return true;
	return false;
}

static const char *const own_names[] = {"127.0.0.1", "localhost", "[::1]"};

bool host_is_own(struct span host, unsigned port)
{
	char want[32];

	for (size_t i = 0; i < COUNT_OF(own_names); i++) {
		snprintf(want, sizeof(want), "%s:%u", own_names[i], port);
		if (span_eq_str(host, want))
			return true;
	}
	return false;
}

bool origin_is_own(struct span origin, unsigned port)
{
	struct span prefix = SPAN_LIT("http://");

	return span_starts(origin, prefix) && host_is_own(span_sub(origin, prefix.len, origin.len), port);
}
