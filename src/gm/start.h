/* Before the system-call filter closes: loads the algorithms, opens the random source and runs known-answer tests of
 * SM3, SM4 and SM2 (in the manner of GM/T 0028-2014 7.10.2). Without it the first use loads them, untested.
 * ERR_INTERNAL: this libcrypto must not be used. */
#pragma once
#include "base/err.h"
enum err gm_start(void) MUST_CHECK;
