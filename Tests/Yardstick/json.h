/* Reads the JSON of events and answers: flat objects of texts and integers. */
#pragma once

#include "bytes.h"

struct cursor {
  const uint8_t *at, *end;
  struct buffer *unescaped; /* Has room for everything: texts in it never move. */
};

static inline uint8_t peek(struct cursor *c) { return c->at < c->end ? *c->at : 0; }

static inline void skip_space(struct cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) c->at++;
}

static inline void expect(struct cursor *c, uint8_t byte) {
  if (peek(c) != byte) die("not JSON: %c expected", byte);
  c->at++;
}

static uint32_t hexadecimal(struct cursor *c) {
  uint32_t number = 0;
  if (c->end - c->at < 4) die("not JSON: a \\u is cut off");
  for (int i = 0; i < 4; i++) {
    uint8_t byte = *c->at++, letter = byte | 0x20;
    if (byte >= '0' && byte <= '9') number = number << 4 | (byte - '0');
    else if (letter >= 'a' && letter <= 'f') number = number << 4 | (letter - 'a' + 10);
    else die("not JSON: a digit of a \\u");
  }
  return number;
}

static uint8_t *put_character(uint8_t *to, uint32_t character) {
  if (character < 0x80) *to++ = character;
  else if (character < 0x800) *to++ = 0xC0 | character >> 6, *to++ = 0x80 | (character & 63);
  else if (character < 0x10000)
    *to++ = 0xE0 | character >> 12, *to++ = 0x80 | (character >> 6 & 63), *to++ = 0x80 | (character & 63);
  else
    *to++ = 0xF0 | character >> 18, *to++ = 0x80 | (character >> 12 & 63), *to++ = 0x80 | (character >> 6 & 63),
    *to++ = 0x80 | (character & 63);
  return to;
}

/* A string; without an escape it stays where it stands. */
static struct text read_string(struct cursor *c) {
  expect(c, '"');
  const uint8_t *start = c->at, *stop = first_escape(c->at, c->end);
  if (stop < c->end && *stop == '"') {
    c->at = stop + 1;
    return (struct text){start, stop - start};
  }
  if (!c->unescaped) die("an escape where none is expected");
  uint8_t *begin = c->unescaped->bytes + c->unescaped->size, *to = begin;
  while (true) {
    memcpy(to, c->at, stop - c->at);
    to += stop - c->at;
    c->at = stop;
    if (peek(c) == '"') break;
    expect(c, '\\');
    uint8_t kind = peek(c);
    c->at++;
    switch (kind) {
      case '"': case '\\': case '/': *to++ = kind; break;
      case 'b': *to++ = '\b'; break;
      case 'f': *to++ = '\f'; break;
      case 'n': *to++ = '\n'; break;
      case 'r': *to++ = '\r'; break;
      case 't': *to++ = '\t'; break;
      case 'u': {
        uint32_t character = hexadecimal(c);
        if (character >= 0xDC00 && character < 0xE000) die("half a surrogate pair");
        if (character >= 0xD800 && character < 0xDC00) {
          expect(c, '\\');
          expect(c, 'u');
          uint32_t low = hexadecimal(c);
          if (low < 0xDC00 || low > 0xDFFF) die("half a surrogate pair");
          character = 0x10000 + ((character - 0xD800) << 10) + (low - 0xDC00);
        }
        to = put_character(to, character);
        break;
      }
      default: die("not JSON: an escape");
    }
    stop = first_escape(c->at, c->end);
  }
  c->at++;
  c->unescaped->size = to - c->unescaped->bytes;
  return (struct text){begin, to - begin};
}

/* -?[0-9]+ without leading zeros. */
static struct text read_integer(struct cursor *c) {
  const uint8_t *start = c->at;
  if (peek(c) == '-') c->at++;
  const uint8_t *digits = c->at;
  while (peek(c) >= '0' && peek(c) <= '9') c->at++;
  if (c->at == digits || (*digits == '0' && c->at - digits > 1)) die("a value is neither text nor integer");
  if (peek(c) == '.' || (peek(c) | 0x20) == 'e') die("a number is no integer");
  return (struct text){start, c->at - start};
}

static bool next_member(struct cursor *c, bool *is_first, struct text *name) {
  skip_space(c);
  if (peek(c) == '}') {
    c->at++;
    return false;
  }
  if (!*is_first) {
    expect(c, ',');
    skip_space(c);
  }
  *is_first = false;
  struct buffer *unescaped = c->unescaped;
  c->unescaped = NULL;
  *name = read_string(c);
  c->unescaped = unescaped;
  skip_space(c);
  expect(c, ':');
  skip_space(c);
  return true;
}

static inline bool is(struct text text, const char *name) {
  return text.size == strlen(name) && !memcmp(text.at, name, text.size);
}
