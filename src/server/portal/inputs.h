/* The inputs of forms that a definition describes, for the table of addresses: what is not declared does not exist, and
 * a filing's form declares the fields of the definition under which that filing was opened, a case's those of T01.
 *
 * An input is named like its field; a set of codes has one input for each code, NAME_CODE. Texts, dates, months and
 * numbers are taken as people type them and folded by the handler. Rows and form share one page, and so one room of
 * names: the reader of definitions refuses a name that would come twice there. */
#pragma once
#include "server/form/service.h"
#include "web/web.h"

/* ":no" of the address; ERR_FILING_ABSENT like its page. */
enum err inputs_of_filing(struct web_req *rq, const struct web_field **ret_fields) MUST_CHECK;
enum err inputs_of_case(struct web_req *rq, const struct web_field **ret_fields) MUST_CHECK;
/* Behind both: the page's own inputs, then those of form and rows (NULL: none). In the request's arena. */
enum err inputs_of(struct web_req *rq, const struct web_field *own, const struct service_fields *form,
                   const struct service_fields *rows, const struct web_field **ret_fields) MUST_CHECK;
