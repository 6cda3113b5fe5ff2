#include "CSQLite.h"

int bothy_sqlite_config_lookaside_off(sqlite3 *db) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, (void *)0, 0, 0);
}
