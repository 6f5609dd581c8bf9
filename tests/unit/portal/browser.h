/* A browser of few words, in process: a request is SCGI octets into web_handle(), an answer what the edge would get. It
 * keeps its cookies and the last page's form token. For the tests of pages, here and in ../filing. */
#pragma once
#include "../certsrv/office.h"
#include "server/portal/pages.h"

#define ORIGIN "http://localhost:8600"

struct browser {
	const struct web_config *web;
	struct buf answer;
	char session[80], pre[80], csrf[80];
	int status;
};
/* Each returns the answer's status. */
int browser_ask(struct browser *b, const char *method, const char *uri, const char *type, const char *text,
                const char *accept);
int browser_get(struct browser *b, const char *uri);
int browser_get_json(struct browser *b, const char *uri);
int browser_post_json(struct browser *b, const char *uri, json_t *take); /* with the token, unless it has one */
int browser_post_form(struct browser *b, const char *uri, const char *fields);

/* --- the last answer --- */
/* "Location: "; "" when absent, good until the next call */
const char *browser_head(struct browser *b, const char *name);
const char *browser_body(struct browser *b);
bool browser_says(struct browser *b, const char *needle);
json_t *browser_json(struct browser *b);
const char *browser_error(struct browser *b); /* its code */
