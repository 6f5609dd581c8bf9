/* The one line in which a command says why it failed and what to do: "WHO: TEXT(CODE): DETAIL;REMEDY". For people at a
 * command line, so never a telephone number or "reload the page". */
#pragma once
#include "base/err.h"
#include <stdio.h>
#include <string.h>

/* Returns the exit status. */
static inline int complain(const char *who, enum err e)
{
	const char *detail = err_detail(), *remedy = err_remedy_shell(e);
	fprintf(stderr, "%s: %s(%s)%s%s%s%s\n", who, err_zh(e), err_code(e), *detail ? ": " : "", detail,
	        *remedy ? ";" : "", remedy);
	return e == ERR_USAGE ? 2 : 1;
}

/* A word that the program does not know, by its name. */
static inline int unknown(const char *who, const char *kind, const char *word)
{
	fprintf(stderr, "%s: 不认识的%s: %.64s;用法见 %s --help\n", who, kind, word, who);
	return 2;
}
