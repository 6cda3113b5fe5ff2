#include "CIroh.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

// The header's own names for types are undone at its end; here they are needed again to expand the table.
#define BUFFER struct bothy_iroh_buffer
#define STATUS struct bothy_iroh_status *
#define HANDLE uint64_t
#define FUTURE uint64_t
#define PREFIX_FFI "ffi_iroh_ffi_"
#define PREFIX_METHOD "uniffi_iroh_ffi_fn_"

static struct bothy_iroh table;

struct entry { const char *symbol; size_t offset; };
#define ENTRY(prefix, result, field, symbol, arguments) \
    {PREFIX_##prefix #symbol, offsetof(struct bothy_iroh, field)},
static const struct entry entries[] = {BOTHY_IROH_TABLE(ENTRY)};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

const struct bothy_iroh *bothy_iroh_load(const char *path, char *why, size_t why_size) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        snprintf(why, why_size, "%s", dlerror());
        return NULL;
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        void *found = dlsym(library, entries[i].symbol);
        if (!found) {
            snprintf(why, why_size, "it has no %s", entries[i].symbol);
            return NULL;
        }
        memcpy((char *)&table + entries[i].offset, &found, sizeof found);
    }
    uint32_t contract = table.contract_version();
    if (contract != BOTHY_IROH_CONTRACT) {
        snprintf(why, why_size, "its interface is version %u; this is made for %d", contract, BOTHY_IROH_CONTRACT);
        return NULL;
    }
    return &table;
}

#define LINE(prefix, result, field, symbol, arguments) PREFIX_##prefix #symbol " " #result " " #arguments "\n"
const char *bothy_iroh_describe(void) { return BOTHY_IROH_TABLE(LINE); }
