/* Secrets have their own type: locked in memory, not dumped, wiped at the end. Log, JSON and IPC field functions
 * take no struct secret; between processes a secret crosses as a sealed memfd only (ipc/frame.h).
 * The one home of constant-time compare and wipe. */
#pragma once
#include "base/err.h"
#include "base/span.h"

struct secret;
enum err secret_new(size_t len, struct secret **ret_s) MUST_CHECK; /* zeroed; len 1..65536 */
enum err secret_from(struct span s, struct secret **ret_s) MUST_CHECK;
void secret_free(struct secret *s); /* wipes; NULL is fine */
DEFINE_AUTO(secret)
uint8_t *secret_ptr(struct secret *s);
size_t secret_len(const struct secret *s);
struct span secret_span(const struct secret *s); /* borrow, for gm/ only and where bytes must leave on purpose */
void secret_cut(struct secret *s, size_t len);   /* shorten, wiping the tail */

bool ct_equal(struct span a, struct span b); /* time depends on lengths only */
void wipe(void *ptr, size_t len);
/* Once per process, before threads: no core dumps, not ptraceable. */
void secret_process_harden(void);
