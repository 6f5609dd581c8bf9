/* Errors: one table (err.def), a must-check enum, and a small thread-local trail.
 *
 * A fallible function returns enum err, ERR_OK (0) on success. The place that finds the fault calls
 *     return ERR(CERT_EXPIRED, "not after %s", text);
 * which records file, line and detail on the trail; callers pass it on with TRY() and may add a line with
 * err_note(). Where an error is handled, err_clear(); where it is reported, err_detail(). Details are for
 * engineers and logs and never hold a secret or an identity number. */
#pragma once
#include <stddef.h>

enum err {
	ERR_OK = 0,
#define ROW(name, code, cls, http, skf, p11, en, zh, remedy) ERR_##name,
#include "base/err.def"
#undef ROW
	ERR_COUNT
};

enum err_class {
	ERR_CLASS_NONE,
	ERR_CLASS_INPUT,
	ERR_CLASS_STATE,
	ERR_CLASS_DENIED,
	ERR_CLASS_ABSENT,
	ERR_CLASS_LIMIT,
	ERR_CLASS_RESOURCE,
	ERR_CLASS_CRYPTO,
	ERR_CLASS_BUG
};

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* --- raise and pass on --- */
/* The value is a constant, so that the compiler sees that it is not ERR_OK. */
#define ERR(name, ...) (err_raise(ERR_##name, __FILE__, __LINE__, __VA_ARGS__), (enum err)ERR_##name)
#define TRY(expr)                           \
	do {                                \
		enum err err_try_ = (expr); \
		if (err_try_ != ERR_OK)     \
			return err_try_;    \
	} while (0)
enum err err_raise(enum err e, const char *file, int line, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Adds a line of context to the trail of e and returns e. */
enum err err_note(enum err e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_clear(void);
/* Trail of this thread, innermost first, "; " between lines; "" when empty. Valid until the next raise. */
const char *err_detail(void);
/* "file.c:123" of the last raise, "" when none; for logs. */
const char *err_where(void);

/* --- the table; an unknown value reads as INTERNAL --- */
const char *err_name(enum err e); /* "CERT_EXPIRED" */
const char *err_code(enum err e); /* "C-004" */
const char *err_en(enum err e);
const char *err_zh(enum err e);
const char *err_remedy(enum err e); /* Chinese */
/* The same for who stands at a command line: no page to reload, no number to ring up, but where to look; "" where the
 * trail says what to do. */
const char *err_remedy_shell(enum err e);
int err_http(enum err e);
unsigned err_skf(enum err e);
unsigned err_p11(enum err e);
enum err_class err_class(enum err e);
enum err err_from_skf(unsigned sar);      /* 0 is ERR_OK; unknown is ERR_INTERNAL */
enum err err_from_code(const char *code); /* "C-004" to ERR_CERT_EXPIRED; ERR_INTERNAL if unknown */

/* A broken promise of our own code, never of an input: prints file, line, condition and aborts. */
#define INVARIANT(cond) ((cond) ? (void)0 : err_invariant(#cond, __FILE__, __LINE__))
_Noreturn void err_invariant(const char *cond, const char *file, int line);

/* --- ownership helpers --- */
#define AUTO(type) __attribute__((cleanup(type##_auto_))) struct type *
#define DEFINE_AUTO(type)                                 \
	static inline void type##_auto_(struct type **p_) \
	{                                                 \
		type##_free(*p_);                         \
	}
#define STEAL(p)                         \
	__extension__({                  \
		__typeof__(p) st_ = (p); \
		(p) = NULL;              \
		st_;                     \
	})
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
