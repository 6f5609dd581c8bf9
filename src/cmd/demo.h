/* The demonstration bureau: ceremony with virtual keys, constructed units and persons, first certificates, demo.json.
 * Everything in it is constructed and marked 测试. */
#pragma once
#include "cmd/up.h"

/* Leaves DATA complete, or fails; what a failed or interrupted run left behind is removed at the next one, since
 * demo.json, written last, is the sign of a complete bureau. */
enum err demo_create(const struct bureau *b, struct up *u) MUST_CHECK;
/* The keys of demo.json with holder, and how the PIN came about; what was issued since then is put into it first. */
enum err demo_print_keys(const struct bureau *b) MUST_CHECK;
/* Puts the holder of a blank key that was issued meanwhile into demo.json; a fault is told nobody and tried again at
 * the next. */
void demo_refresh(const struct bureau *b);
/* Readable when a card was written; -1 when the system gives none. The caller's. */
int demo_watch(const struct bureau *b);
