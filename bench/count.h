/* What reaches the disk and the database, counted by standing in for the library's functions within the bench program.
 */
#pragma once
#include <stdint.h>

uint64_t count_fsyncs(void);
uint64_t count_statements(void); /* SQL statements run, without BEGIN, SAVEPOINT, COMMIT */
/* Wall-clock seconds. */
double bench_seconds(void);
/* "name value unit" as bench.c prints them. */
void bench_line(const char *name, double value, const char *unit);
