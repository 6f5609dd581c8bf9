/* Files of tools/make-employees in a temporary folder, and the real yinxin-convert to read them. */
#pragma once
#include "server/convert/convert.h"
#include "starter.h"

struct sheets {
	char dir[64];
	struct convert *convert;
	struct starter starter;
};
int sheets_open(struct sheets *s); /* 0, or -1 when the generator or the program is not there */
void sheets_close(struct sheets *s);
/* Runs the generator with these arguments (NULL-terminated) and -o; returns the open file, or -1. */
int sheets_make(const struct sheets *s, const char *const *args);
void sheets_path(const struct sheets *s, const char *name, char *ret, size_t cap);
