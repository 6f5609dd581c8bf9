/* What the tests of gm and pki share. */
#pragma once
#include "base/buf.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static inline void unhex(const char *hex, struct buf *out)
{
	buf_clear(out);
	assert_int_equal(text_unhex(span_str(hex), out), ERR_OK);
}

static inline void assert_hex(struct span got, const char *want)
{
	AUTO_BUF(hex, 8192);
	text_hex(&hex, got);
	assert_string_equal(buf_cstr(&hex), want);
}
