/* Fields of type person on the pages of filings. */
#pragma once
#include "server/filing/filing.h"
#include "server/portal/pages.h"

/* GET /filings/:no/staff?q=: {"people": [{"no", "name", "id"}]}, at most FILING_STAFF_MAX */
enum err page_filing_staff(struct web_req *rq) MUST_CHECK;
/* Behind the number of a person of the unit's staff, his name; nothing for other fields, and for who is none. */
enum err filing_put_person(const struct filing_desk *d, const struct filing *f, const struct service_field *field,
                           const char *value, struct buf *out) MUST_CHECK;
