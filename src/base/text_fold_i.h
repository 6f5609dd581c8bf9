/* Between text_fold.c and its tables. A character that no table has is given back as it is. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

uint32_t fold_private(uint32_t cp); /* by GB 18030-2022 */
uint32_t fold_radical(uint32_t cp); /* CJK Radicals Supplement */
