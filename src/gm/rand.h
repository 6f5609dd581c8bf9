/* Random bytes from libcrypto's generator. ERR_INTERNAL when it fails; never a weaker source. */
#pragma once
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>
enum err rand_bytes(uint8_t *ret, size_t len) MUST_CHECK;
