/* Mustache subset: {{name}} escaped, {{#list}}..{{/list}}, {{^x}}..{{/x}}, {{>partial}}, {{! comment}}, {{.}}, dotted
 * names. No unescaped output, no lambdas, no set delimiter. Templates are compiled at start; a partial that does not
 * exist, or a template whose tags do not nest, refuses to start. At render, a missing name is an error (ERR_INTERNAL
 * naming it), not "". */
#pragma once
#include "base/json.h"

struct views;
/* *.mustache, name without suffix; ERR_CONFIG */
enum err views_load(const char *templates_dir, struct views **ret_v) MUST_CHECK;
void views_free(struct views *v);
DEFINE_AUTO(views)
bool views_has(const struct views *v, const char *name);
enum err views_render(const struct views *v, const char *name, const json_t *model, struct buf *out) MUST_CHECK;
