/* Migrations: share/sql/NNN_name.sql in ascending order, forward only, each in a transaction of its own together with
 * its line in schema_version. A database that records a version this folder does not have was made by newer code. */
#pragma once
#include "store/conn.h"

enum { MIGRATIONS_MAX = 999 };
/* Whether all have run, for who only reads: ERR_STATE when one has not, ERR_CONFIG when the database is newer. */
enum err migrate_check(struct conn *reader, const char *sql_dir) MUST_CHECK;
enum err migrate(struct conn *writer, const char *sql_dir) MUST_CHECK; /* ERR_CONFIG, ERR_BUSY, ERR_IO */
