// A file layer for SQLite that writes down what it is asked to do, and fails when it is told to. It stands before another
// layer, which does the work. From what was written down a test makes every disk that a power cut could have left.
#pragma once
#include <stdint.h>

enum { FAULTY_WRITE = 1, FAULTY_TRUNCATE = 2, FAULTY_SYNC = 3 };

struct faulty_operation {
    int kind;
    // 0 the database, 1 its log.
    int file;
    int64_t offset;
    int64_t length;
    // What was written; null for others.
    const void *bytes;
};

// Registers the layer `name` before the layer `base`. Not from several threads at once.
int faulty_register(const char *name, const char *base);
// Forgets what was written down, and writes down from here on.
void faulty_begin(void);
int64_t faulty_count(void);
struct faulty_operation faulty_at(int64_t index);
// After so many more writes and syncs each one fails with the SQLite code; a negative number: never.
void faulty_fail_after(int64_t operations, int code);
