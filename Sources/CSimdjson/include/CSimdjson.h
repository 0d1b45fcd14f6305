// JSON text → flat list of tokens in document order, over simdjson's on-demand parser. One call per document, no
// allocation once the parser has grown. Every byte of the document is checked, the parts nobody asks for too.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum csimdjson_kind {
  CSIMDJSON_OBJECT,
  CSIMDJSON_ARRAY,
  CSIMDJSON_STRING,
  CSIMDJSON_NUMBER,  // text is the token as it stands in the document, of any size
  CSIMDJSON_TRUE,
  CSIMDJSON_FALSE,
  CSIMDJSON_NULL
} csimdjson_kind;

// Escapes that stand for no character (a lone surrogate). Such a name has the half in three bytes, as if it were a
// character; such a text is not there.
enum { CSIMDJSON_BAD_KEY = 1, CSIMDJSON_BAD_TEXT = 2 };

typedef struct csimdjson_token {
  const char *key;   // member name, unescaped UTF-8; NULL outside an object
  const char *text;  // strings: unescaped UTF-8; numbers: the token; else NULL
  uint32_t key_length;
  uint32_t text_length;
  uint32_t end;      // index of the first token behind this value and all it holds
  uint16_t depth;    // 0 for the root
  uint8_t kind;      // csimdjson_kind
  uint8_t flags;
} csimdjson_token;

typedef enum csimdjson_status {
  CSIMDJSON_OK,
  CSIMDJSON_NOT_UTF8,
  CSIMDJSON_NOT_JSON,
  CSIMDJSON_TOO_DEEP,
  CSIMDJSON_EMPTY,     // nothing but white space
  CSIMDJSON_NO_MEMORY
} csimdjson_status;

typedef struct csimdjson_parser csimdjson_parser;

// Containers nest at most depth_limit deep (the root container is 1). NULL without memory.
csimdjson_parser *csimdjson_parser_new(uint32_t depth_limit);
void csimdjson_parser_free(csimdjson_parser *parser);

// Copies the document into the parser's padded buffer and reads it. Tokens and texts stay valid until the next call.
csimdjson_status csimdjson_read(csimdjson_parser *parser, const void *document, size_t length);

// Of the last csimdjson_read that returned CSIMDJSON_OK.
const csimdjson_token *csimdjson_tokens(const csimdjson_parser *parser);
uint32_t csimdjson_token_count(const csimdjson_parser *parser);

// 1 if all bytes are well-formed UTF-8.
int csimdjson_is_utf8(const void *text, size_t length);

#ifdef __cplusplus
}
#endif
