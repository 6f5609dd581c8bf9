/* The demonstration bureau: ceremony with virtual keys, constructed units and persons, first certificates, demo.json.
 * Everything in it is constructed and marked 测试. */
#pragma once
#include "cmd/up.h"

/* Leaves DATA complete, or fails; what a failed or interrupted run left behind is removed at the next one, since demo.json,
 * written last, is the sign of a complete bureau. */
enum err demo_create(const struct bureau *b, struct up *u) MUST_CHECK;
enum err demo_print_keys(const struct bureau *b) MUST_CHECK;
