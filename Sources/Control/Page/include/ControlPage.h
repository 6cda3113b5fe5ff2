// The page's files, put into the binary as they are: nothing is built, and nothing is read from disk when served.
#pragma once
#include <stddef.h>

struct control_page_file {
    const char *name;
    const unsigned char *bytes;
    size_t count;
};

// The file with that index, or null after the last.
const struct control_page_file *control_page_file(size_t index);
