// The least that keeps the same bytes: each commit as a row of SQLite, with the pragmas of the ring. Prints seconds.
//     raw DATABASE COMMITS
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void must(sqlite3 *db, int code) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "raw: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    FILE *in = fopen(argv[2], "rb");
    if (!in) return 1;
    fseek(in, 0, SEEK_END);
    long size = ftell(in);
    rewind(in);
    unsigned char *bytes = malloc((size_t)size);
    if (fread(bytes, 1, (size_t)size, in) != (size_t)size) return 1;
    sqlite3 *db;
    must(NULL, sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix-excl"));
    must(db, sqlite3_exec(db, "PRAGMA page_size=4096; PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=WAL;"
        "PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF; PRAGMA cache_size=-1024;"
        "CREATE TABLE commits (id INTEGER PRIMARY KEY, body BLOB)", NULL, NULL, NULL));
    char wal[4096];
    snprintf(wal, sizeof wal, "%s-wal", argv[1]);
    int fd = open(wal, O_WRONLY);
    char zeros[65536] = {0};
    for (off_t at = lseek(fd, 0, SEEK_END); at < 4456448; at += (off_t)sizeof zeros)
        if (pwrite(fd, zeros, sizeof zeros, at) < 0) return 1;
    fsync(fd);
    close(fd);
    sqlite3_stmt *insert, *begin, *commit;
    must(db, sqlite3_prepare_v2(db, "INSERT INTO commits (body) VALUES (?)", -1, &insert, NULL));
    must(db, sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, NULL));
    must(db, sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL));
    double start = now();
    for (long at = 0; at + 4 <= size;) {
        unsigned length;
        memcpy(&length, bytes + at, 4);
        must(db, sqlite3_step(begin));
        sqlite3_reset(begin);
        sqlite3_bind_blob(insert, 1, bytes + at + 4, (int)length, SQLITE_STATIC);
        must(db, sqlite3_step(insert));
        sqlite3_reset(insert);
        must(db, sqlite3_step(commit));
        sqlite3_reset(commit);
        at += 4 + (long)length;
    }
    printf("%.6f\n", now() - start);
    return 0;
}
