/* The two functions of struct desk that decide whether a signed act is let in (docs/design/05-status-of-an-act.md); ctx
 * is the struct portal. Every act's certificate is checked from the root down, not only compared with the session's
 * serial number. */
#pragma once
#include "server/portal/app.h"

enum err portal_act_judge(void *ctx, const struct cert *c, int64_t arrived, struct buf *ret_status) MUST_CHECK;
enum err portal_act_proved(void *ctx, const struct cert *c, int64_t arrived, struct span status) MUST_CHECK;
