/* Definitions outlive their files: every one in force is kept in the store by its SM3, and those of before that some
 * filing was opened under are read from there at start, so that a changed file orphans no filing. */
#pragma once
#include "server/form/service.h"

/* Before the workers start. Errors are those of services_keep(): a version of before that this program can no longer
 * read stops the start, because its filings could neither be decided nor shown. */
enum err definitions_keep(struct store *store, struct services *services, const struct service_registry *r,
                          int64_t now) MUST_CHECK;
