/* A PIN for a command-line program: from a descriptor, or from the person at the terminal without echo. */
#pragma once
#include "base/secret.h"

/* One line without its end, at most 64 octets: ERR_PIN_RANGE; ERR_CANCELLED after INT or TERM at a prompt. */
enum err pin_read(int fd, struct secret **ret_s) MUST_CHECK;
/* ERR_USAGE when there is no terminal. */
enum err pin_ask(const char *prompt, struct secret **ret_s) MUST_CHECK;
