/* Between the service*.c files: one definition being read, and where in it we are. */
#pragma once
#include "server/form/service.h"

struct where { /* innermost first; lives on the stack of the readers */
	const struct where *up;
	const char *member; /* of the object above, or NULL for an index */
	size_t index;
};
struct reading {
	const char *file;
	const struct service_registry *registry;
	json_t *root; /* borrowed by every string of the definition */
	struct arena *arena;
	const struct service_list *lists;
	size_t n_lists;
};
/* ERR_CONFIG "B03.json: fields[2].validator: <text>". member NULL: the place itself. */
enum err read_bad(const struct reading *r, const struct where *at, const char *member, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Every member of obj is in the list (NULL-terminated); obj is an object. */
enum err read_members(const struct reading *r, const struct where *at, const json_t *obj,
                      const char *const *known) MUST_CHECK;
enum err read_text(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                   bool required,
                   const char **ret_s) MUST_CHECK; /* one line for people, no ";" or "=" ; "" when absent */
enum err read_name(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                   bool required, const char **ret_s) MUST_CHECK; /* a-z 0-9 _ - */
enum err read_int(const struct reading *r, const struct where *at, const json_t *obj, const char *member, bool required,
                  int64_t min, int64_t max, int64_t otherwise, int64_t *ret_v) MUST_CHECK;
enum err read_bool(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                   bool *ret_v) MUST_CHECK;
enum err read_array(const struct reading *r, const struct where *at, const json_t *obj, const char *member, size_t max,
                    const json_t **ret_a) MUST_CHECK;            /* NULL when absent */
void *read_room(const struct reading *r, size_t n, size_t size); /* zeroed; NULL out of memory */

/* service_sheet.c: "aliases", "blank", "blank_from", "blank_by" of the fields of rows, "unit_column" of rows; every
 * heading is there once. */
enum err read_sheet(const struct reading *r, const json_t *root, struct service *s) MUST_CHECK;
enum err read_lists(struct reading *r, const struct where *at, const json_t *root) MUST_CHECK;
enum err read_fields(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                     struct service_fields *ret_f) MUST_CHECK;
enum err read_rules(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                    const struct service_fields *fields, bool rows, struct service_rules *ret_r) MUST_CHECK;
/* Groups of the form and whether every field is in one of them; none at all is fine too. */
enum err read_groups(const struct reading *r, const json_t *root, struct service *s) MUST_CHECK;
/* service_steps.c: filers' steps, at most two reviews; the engine cert's, each with its statement. */
enum err read_steps(const struct reading *r, const json_t *root, struct service *s) MUST_CHECK;
/* service_inputs.c: one page holds form and rows, and every input of it has a name of its own. */
enum err inputs_differ(const struct reading *r, const struct service *s) MUST_CHECK;
/* What types of fields ask of the definition as a whole; sets wide. */
enum err read_types(const struct reading *r, struct service *s) MUST_CHECK;
enum err read_service(struct reading *r, const json_t *root, struct service *ret_s) MUST_CHECK;
