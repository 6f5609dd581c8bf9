/* One of the unit's staff, as a filing would enrol him. */
#pragma once
#include "world.h"
#include "server/insurance/tables.h"

void enrol(struct world *w, const struct tables *t, const char *id, const char *name, const char *const *ins,
           int month);
