/* The built-in validators of definitions: fold (base/text_fold.h), normalise, then check. Pure. */
#pragma once
#include "server/form/service.h"

/* Yuan as "8000.00" in fen, as FIELD_MONEY stores it; ERR_FIELD_VALUE. */
enum err valid_fen(struct span money, int64_t *ret_fen) MUST_CHECK;
/* "2026-11-22 09:30", Beijing's clock, as FIELD_DATETIME stores it; ERR_FIELD_VALUE. */
enum err valid_moment(struct span moment, int64_t *ret_time) MUST_CHECK;
/* "2026-11-22", "202611": the order of two such texts is the order of time. */
