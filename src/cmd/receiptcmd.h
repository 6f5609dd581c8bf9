/* Checking a receipt from the command line: yinxin-verify FILE and yinxin verify FILE. */
#pragma once
#include "base/span.h"
#include <stdbool.h>

/* root_hex NULL: $YINXIN_DATA/root.sm3, else /etc/yinxin/root.sm3, else, when YINXIN_DATA is not set and otherwise is a
 * folder's name, root.sm3 in it. Prints step by step; returns the exit status: 0 it proves what it says under the
 * pinned root, 1 it does not or no root is pinned, 2 --root is no digest. texts: what was signed too. */
int receiptcmd_verify(const char *program, const char *file, const char *root_hex, const char *otherwise, bool texts);
/* One line of foreign text to standard output, without its end; what a terminal would obey, or hide, is shown as "?".
 */
void receiptcmd_put(struct span text);
