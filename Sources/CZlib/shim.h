// zlib, with a typed face for what is a macro there.
#pragma once
#include <zlib.h>

/// `windowBits`: 15 + 32 takes gzip and zlib streams, -15 a stream without any wrapping.
static inline int bridge_inflate_begin(z_stream *stream, int windowBits) {
  return inflateInit2(stream, windowBits);
}
