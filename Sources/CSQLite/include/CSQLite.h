#ifndef CSQLITE_H
#define CSQLITE_H

#include <stdbool.h>

/// Lets SQLite allocate memory without counting it: it counts under a lock that all threads share
/// (SQLITE_CONFIG_MEMSTATUS, https://www.sqlite.org/c3ref/c_config_covering_index_scan.html). Must be called before any
/// other function of SQLite; returns false, and changes nothing, if it comes too late.
///
/// sqlite3_config is variadic, and Swift cannot call variadic C functions.
bool csqlite_count_no_memory(void);

#endif
