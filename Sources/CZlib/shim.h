#pragma once
#include <zlib.h>

// deflateInit2 is a macro. 31 window bits: the gzip form.
static inline int czlib_gzip_init(z_stream *stream) {
  return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
}
