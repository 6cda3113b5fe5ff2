// zlib: raw DEFLATE for the columns of Automerge documents and gzip for HTTP. Macros with side effects are not imported
// into Swift, so the two initialisers are wrapped.
#pragma once
#include <zlib.h>

int bothy_deflate_init(z_stream *stream, int level, int window_bits);
int bothy_inflate_init(z_stream *stream, int window_bits);
