/* The whole site in process over the world of filings, with a roster of its own. For the tests of filings' pages. */
#pragma once
#include "world.h"
#include "../portal/browser.h"
#include "server/portal/filing_pages.h"

struct site {
	struct browser b;
	struct world w;
	struct portal app;
	struct views *views;
	struct web_config web;
};
int pages_setup(void **state);
int pages_teardown(void **state);
#define WITH_PAGES(f) cmocka_unit_test_setup_teardown(f, pages_setup, pages_teardown)
/* A session as the login would make; members are staff by their role, whatever the roster says of them. */
void pages_session(struct site *s, const struct member *m);
void log_in(struct site *s, const struct member *m, const char *page); /* and the page answers 200 */
json_t *post_json(struct site *s, const char *uri, json_t *take);
/* Asks for the text, signs, brings it back; the answer. Text refused: the test ends. */
json_t *bring(struct site *s, const struct member *m, const char *base, json_t *step);
/* the page to go to */
void sign(struct site *s, const struct member *m, const char *base, json_t *step, char next[200]);
