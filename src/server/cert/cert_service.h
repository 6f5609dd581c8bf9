/* T01 新办数字证书 for the engine and for the certificate desk: share/services/T01.json says what the form holds, which
 * checks it must pass, who signs which step, how long each may take and which documents come out; server/cert keeps the
 * case.
 *
 * Here are the named preconditions of T01 over server/cert (cert-unit, cert-letter, cert-person, cert-holder,
 * cert-running), and the comparison of the definition with what the desk's code and the signer's protocol can do: a
 * definition that says something else is refused at start, "T01.json: steps[1].role: …". What is left is struct
 * case_rules, for struct desk. */
#pragma once
#include "server/cert/case_rules.h"
#include "server/filing/filing.h"

struct cert_service {
	const struct desk *desk;
	const struct service *service; /* NULL until bound */
	struct terms terms;
	struct service_precondition preconditions[6];
	struct service_registry registry; /* for services_load, chained behind another's */
	struct case_rules rules;          /* for struct desk, once bound */
};
/* Borrows desk; s must stay where it is as long as definitions loaded with its registry live. */
void cert_service_init(struct cert_service *s, const struct desk *desk);
/* Finds T01 among the definitions and compares: ERR_CONFIG with file, path and fault. */
enum err cert_service_bind(struct cert_service *s, const struct services *all, const struct terms *terms) MUST_CHECK;
/* Its first half (cert_service_bind.c): the definition against what the desk and the signer can do. */
enum err cert_service_compare(const struct cert_service *s, const struct service *t) MUST_CHECK;
/* Both for a program that has no other business: reads DIR/T01.json alone; the caller frees *ret_all after s. */
enum err cert_service_open(struct cert_service *s, const char *dir, const struct desk *desk, const struct terms *terms,
                           struct services **ret_all) MUST_CHECK;
/* The one behind a desk's rules; ERR_CONFIG when it has none. */
enum err cert_service_of(const struct desk *d, const struct cert_service **ret_s) MUST_CHECK;

/* The form as it came in (object of strings), taken and checked like a filing's: all faults to fn, none changes
 * anything. *ret_form is whole only when *ret_count is 0. Errors are those of content_take(). */
enum err cert_service_take(const struct cert_service *s, const char *own_no, const json_t *form, int64_t now,
                           fault_fn *fn, void *ctx, size_t *ret_count, struct case_form *ret_form) MUST_CHECK;
/* The form as it is taken: folded, with what was typed beside it (content.h). The caller's. */
enum err cert_service_folded(const struct cert_service *s, const json_t *form, int64_t now,
                             json_t **ret_form) MUST_CHECK;
/* Borrows from f. */
struct case_new cert_service_new(const struct case_form *f);
/* A stored case's contents as a form; the numbers are the person's. */
enum err cert_service_form(const struct cert_case *c, const struct person *p, json_t **ret_form) MUST_CHECK;
/* What a fault is as an error: by its code, or by what its field's validator says of the value. */
enum err cert_service_err(const struct cert_service *s, const json_t *form, const struct fault *f, int64_t now);
