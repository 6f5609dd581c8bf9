/* The whole site in process, with an office behind it and no signer: a new one for each test. */
#pragma once
#include "browser.h"
#include "server/portal/login.h"

struct site {
	struct browser b;
	struct office o;
	struct portal app;
	struct views *views;
	struct web_config web;
};
int site_setup(void **state);
int site_teardown(void **state);
#define WITH_SITE(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)

/* As a page would: challenge, statement, signature, answer; its status. more_key NULL: no further member. */
int site_answer_login(struct site *s, const struct desk_person *p, const char *uri, const char *more_key,
                      const char *more);
void site_take_csrf(struct site *s);
/* Staff need the roster, which needs a signer: the test makes the session that the login would make. */
void site_session(struct site *s, const struct desk_person *p, unsigned roles); /* without a look at any page */
void site_log_in_staff(struct site *s, const struct desk_person *p, unsigned roles, const char *home);
/* A unit's operator with account and certificate. */
void site_holder(struct site *s, struct desk_person *p);
void site_holder_done(struct desk_person *p);
