/* Between conf.c and conf_main.c: opening without the test for required keys, which -o may still supply. */
#pragma once
#include "base/conf.h"

enum err conf_open_(const char *path, const struct conf_opt *opts, struct conf **ret_c) MUST_CHECK;
enum err conf_check_(const struct conf *c) MUST_CHECK; /* ERR_CONFIG when a required key is still missing */
