/* A pinentry process and the part of its line protocol that we speak: SET..., GETPIN, CONFIRM. Lines of
 * at most 1000 bytes, arguments and data percent-escaped. No password cache, no quality bar. */
#pragma once
#include "base/buf.h"
#include "base/secret.h"

enum { ASSUAN_LINE_MAX = 1000, ASSUAN_ARG_MAX = 900 };
struct assuan;
/* wanted is asked several times a second; when it fails, that is the call's result and the process is ended. */
typedef enum err assuan_wanted(void *ctx);
enum err assuan_start(const char *program, assuan_wanted *wanted, void *ctx, struct assuan **ret_a) MUST_CHECK;
void assuan_free(struct assuan *a); /* ends the process */
DEFINE_AUTO(assuan)
/* "SETDESC" with an argument, "CONFIRM" with NULL. ERR_CANCELLED when the person breaks off, ERR_STATE for the
 * button of SETNOTOK, ERR_UNAVAILABLE otherwise. */
enum err assuan_do(struct assuan *a, const char *command, const char *argument) MUST_CHECK;
enum err assuan_get_pin(struct assuan *a, struct secret **ret_pin) MUST_CHECK; /* ERR_PIN_RANGE when empty */
/* Cuts text into parts of at most ASSUAN_ARG_MAX escaped bytes, at line ends where there are any, never within a
 * character. Returns the length of the first part. */
size_t assuan_part(struct span text);
void assuan_escape(struct buf *out, struct span s);
enum err assuan_unescape(struct span s, struct secret **ret_s) MUST_CHECK;
