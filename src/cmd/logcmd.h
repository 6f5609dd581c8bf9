/* yinxin log verify [--data DIR]: recomputes the whole log of a bureau and names what does not fit. */
#pragma once

/* data NULL: $YINXIN_DATA. Prints; returns the exit status. */
int logcmd_verify(const char *data);
