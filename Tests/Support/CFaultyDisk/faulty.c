#include "CFaultyDisk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static sqlite3_vfs layer;
static sqlite3_vfs *base;
static struct faulty_operation *operations;
static int64_t count, room, until_failure = -1;
static int recording, failure;

struct file {
    sqlite3_file handle;
    int number;
    sqlite3_file *under;
};

static sqlite3_file *under(sqlite3_file *handle) { return ((struct file *)handle)->under; }
static int number(sqlite3_file *handle) { return ((struct file *)handle)->number; }

static void note(int kind, int file, int64_t offset, int64_t length, const void *bytes) {
    if (!recording || file < 0) return;
    if (count == room) {
        room = room ? room * 2 : 1024;
        operations = realloc(operations, (size_t)room * sizeof *operations);
    }
    void *copy = NULL;
    if (bytes) memcpy(copy = malloc((size_t)length), bytes, (size_t)length);
    operations[count++] = (struct faulty_operation){kind, file, offset, length, copy};
}

static int fails(int file) {
    if (file < 0 || until_failure < 0) return 0;
    if (until_failure == 0) return 1;
    until_failure--;
    return 0;
}

static int close_file(sqlite3_file *f) { return under(f)->pMethods->xClose(under(f)); }
static int read_file(sqlite3_file *f, void *to, int length, sqlite3_int64 at) {
    return under(f)->pMethods->xRead(under(f), to, length, at);
}
static int write_file(sqlite3_file *f, const void *from, int length, sqlite3_int64 at) {
    if (fails(number(f))) return failure;
    note(FAULTY_WRITE, number(f), at, length, from);
    return under(f)->pMethods->xWrite(under(f), from, length, at);
}
static int truncate_file(sqlite3_file *f, sqlite3_int64 size) {
    note(FAULTY_TRUNCATE, number(f), size, 0, NULL);
    return under(f)->pMethods->xTruncate(under(f), size);
}
static int sync_file(sqlite3_file *f, int flags) {
    if (fails(number(f))) return failure == SQLITE_FULL ? SQLITE_IOERR_FSYNC : failure;
    note(FAULTY_SYNC, number(f), 0, 0, NULL);
    // The files under it are scratch: what a sync means is decided by the test.
    (void)flags;
    return SQLITE_OK;
}
static int size_of_file(sqlite3_file *f, sqlite3_int64 *size) { return under(f)->pMethods->xFileSize(under(f), size); }
static int lock(sqlite3_file *f, int level) { return under(f)->pMethods->xLock(under(f), level); }
static int unlock(sqlite3_file *f, int level) { return under(f)->pMethods->xUnlock(under(f), level); }
static int check_lock(sqlite3_file *f, int *out) { return under(f)->pMethods->xCheckReservedLock(under(f), out); }
static int control(sqlite3_file *f, int what, void *argument) {
    return under(f)->pMethods->xFileControl(under(f), what, argument);
}
static int sector_size(sqlite3_file *f) { return under(f)->pMethods->xSectorSize(under(f)); }
static int characteristics(sqlite3_file *f) { return under(f)->pMethods->xDeviceCharacteristics(under(f)); }
static int shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
    return under(f)->pMethods->xShmMap(under(f), page, size, extend, out);
}
static int shm_lock(sqlite3_file *f, int at, int n, int flags) { return under(f)->pMethods->xShmLock(under(f), at, n, flags); }
static void shm_barrier(sqlite3_file *f) { under(f)->pMethods->xShmBarrier(under(f)); }
static int shm_unmap(sqlite3_file *f, int delete) { return under(f)->pMethods->xShmUnmap(under(f), delete); }

static const sqlite3_io_methods methods = {
    .iVersion = 2, .xClose = close_file, .xRead = read_file, .xWrite = write_file, .xTruncate = truncate_file,
    .xSync = sync_file, .xFileSize = size_of_file, .xLock = lock, .xUnlock = unlock, .xCheckReservedLock = check_lock,
    .xFileControl = control, .xSectorSize = sector_size, .xDeviceCharacteristics = characteristics,
    .xShmMap = shm_map, .xShmLock = shm_lock, .xShmBarrier = shm_barrier, .xShmUnmap = shm_unmap,
};

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *out, int flags, int *out_flags) {
    (void)vfs;
    struct file *file = (struct file *)out;
    memset(file, 0, sizeof *file);
    file->under = (sqlite3_file *)(file + 1);
    file->number = flags & SQLITE_OPEN_MAIN_DB ? 0 : flags & SQLITE_OPEN_WAL ? 1 : -1;
    int code = base->xOpen(base, path, file->under, flags, out_flags);
    if (file->under->pMethods) file->handle.pMethods = &methods;
    return code;
}

int faulty_register(const char *name, const char *base_name) {
    base = sqlite3_vfs_find(base_name);
    if (!base) return SQLITE_ERROR;
    if (layer.zName) return SQLITE_OK;
    layer = *base;
    layer.zName = name;
    layer.szOsFile = (int)sizeof(struct file) + base->szOsFile;
    layer.xOpen = open_file;
    layer.pNext = NULL;
    return sqlite3_vfs_register(&layer, 0);
}

void faulty_begin(void) {
    for (int64_t i = 0; i < count; i++) free((void *)operations[i].bytes);
    count = 0;
    recording = 1;
}

int64_t faulty_count(void) { return count; }

struct faulty_operation faulty_at(int64_t index) { return operations[index]; }

void faulty_fail_after(int64_t after, int code) {
    until_failure = after;
    failure = code;
}
