/* /filings/:no/documents/:name: what a definition names as the result of a filing that is done, as a page to print. */
#include "server/portal/filing_pages.h"
#include <string.h>

static const struct service_code *document_named(const struct service *s, const char *name)
{
	for (size_t i = 0; i < s->n_documents; i++)
		if (strcmp(s->documents[i].code, name) == 0)
			return &s->documents[i];
	return NULL;
}

enum err filing_put_documents(struct mo *m, const struct filing *f, const struct service *s)
{
	json_t *list = mo_list(m, "documents");
	for (size_t i = 0; filing_is_done(f) && i < s->n_documents; i++) {
		struct mo o = mo_item(list);
		mo_str(&o, "name", s->documents[i].code);
		mo_str(&o, "label", s->documents[i].text);
		TRY(mo_err(&o));
	}
	return mo_err(m);
}

enum err page_filing_document(struct web_req *rq)
{
	const struct filing_desk *d;
	const struct service *s;
	const struct service_code *doc;
	struct filing_who who;
	struct filing f;
	AUTO_JSON content = NULL;
	struct mo m = mo_of(web_model(rq));
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(filing_get(d, web_param(rq, "no"), &who, &f));
	TRY(filing_service(d, &f, &s));
	if ((doc = document_named(s, web_param(rq, "name"))) == NULL)
		return ERR(ABSENT, "no such document");
	if (!filing_is_done(&f))
		return ERR(STATE, "document of a filing that is %s", filing_state_name(f.state));
	TRY(filing_content(d, &f, &content));
	mo_str(&m, "title", doc->text);
	TRY(filing_put_head(rq, &m, d, &f));
	TRY(filing_put_content(rq, &m, d, &f, s, content));
	return filing_put_events(&m, d, &f);
}
