/* conf_parse_text(): what it accepts prints to a text that parses to the same values. */
#include "base/conf.h"
#include "base/text.h"

static const struct conf_opt opts[] = {
	{"name", CONF_STR, "", 0, 0, NULL, NULL},
	{"path", CONF_PATH, "/x", 0, 0, NULL, NULL},
	{"port", CONF_INT, "1", -5, 65535, NULL, NULL},
	{"flag", CONF_BOOL, "no", 0, 0, NULL, NULL},
	{"pin", CONF_CHOICE, "web", 0, 0, "web|pinentry", NULL},
	{NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(conf) first = NULL;
	AUTO(conf) again = NULL;
	AUTO_BUF(a, 8 * CONF_TEXT_MAX);
	AUTO_BUF(b, 8 * CONF_TEXT_MAX);

	if (conf_parse_text(span_of(data, size), opts, &first) != ERR_OK)
		return 0;
	conf_print(first, &a);
	if (a.len > CONF_TEXT_MAX)
		return 0;
	INVARIANT(conf_parse_text(buf_span(&a), opts, &again) == ERR_OK);
	conf_print(again, &b);
	INVARIANT(span_eq(buf_span(&a), buf_span(&b)));
	(void)conf_int(again, "port");
	(void)conf_bool(again, "flag");
	return 0;
}
