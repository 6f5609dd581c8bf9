/* What the unit tests of base, ipc and sandbox share: cmocka with its includes, and errors shown by name. */
#pragma once
#include "base/err.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define assert_err(expr, want, ...)                                                                              \
	do {                                                                                                     \
		enum err got_ = (expr);                                                                          \
		if (got_ != (want)) {                                                                            \
			print_message("# " __VA_ARGS__);                                                         \
			print_message(": got %s (%s), want %s\n", err_name(got_), err_detail(), err_name(want)); \
		}                                                                                                \
		assert_int_equal(got_, (want));                                                                  \
	} while (0)
#define assert_ok(expr) assert_err(expr, ERR_OK, "%s", #expr)
