// SQLite: the store. Debian's own library, so that its security updates are ours.
#pragma once
#include <sqlite3.h>

// Variadic in C, so out of Swift's reach without these.
int bothy_sqlite_config_lookaside_off(sqlite3 *db);
