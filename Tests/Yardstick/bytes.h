/* Buffers, and how texts are written into them: decimal, JSON, form encoding. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("yardstick: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  _exit(1);
}

static void *allocate(size_t size) {
  void *bytes = calloc(1, size);
  if (!bytes) die("out of memory");
  return bytes;
}

struct text {
  const uint8_t *at;
  uint32_t size;
};

struct buffer {
  uint8_t *bytes;
  size_t size, room;
};

static inline void reserve(struct buffer *b, size_t more) {
  if (b->size + more <= b->room) return;
  b->room = (b->size + more) * 2;
  if (!(b->bytes = realloc(b->bytes, b->room))) die("out of memory");
}

static inline void put(struct buffer *b, const void *bytes, size_t size) {
  reserve(b, size);
  memcpy(b->bytes + b->size, bytes, size);
  b->size += size;
}

#define PUT(buffer, literal) put(buffer, literal, sizeof literal - 1)

static inline void put_number(struct buffer *b, int64_t number) {
  char digits[24], *at = digits + sizeof digits;
  uint64_t magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;
  do *--at = '0' + magnitude % 10;
  while (magnitude /= 10);
  if (number < 0) *--at = '-';
  put(b, at, digits + sizeof digits - at);
}

static inline uint64_t word_at(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, 8);
  return word;
}

/* Marks bytes below 0x20, quotation marks and backslashes; the lowest mark is always right. */
static inline uint64_t escapes_in(uint64_t word) {
  const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
  uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
  return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs;
}

static inline const uint8_t *first_escape(const uint8_t *at, const uint8_t *end) {
  for (; end - at >= 8; at += 8) {
    uint64_t hit = escapes_in(word_at(at));
    if (hit) return at + (__builtin_ctzll(hit) >> 3);
  }
  while (at < end && *at >= 0x20 && *at != '"' && *at != '\\') at++;
  return at;
}

static void put_json(struct buffer *b, struct text text) {
  static const char short_forms[32] = {[8] = 'b', [9] = 't', [10] = 'n', [12] = 'f', [13] = 'r'};
  reserve(b, (size_t)text.size * 6 + 2);
  uint8_t *to = b->bytes + b->size;
  const uint8_t *at = text.at, *end = at + text.size;
  *to++ = '"';
  while (at < end) {
    const uint8_t *stop = first_escape(at, end);
    memcpy(to, at, stop - at);
    to += stop - at;
    if ((at = stop) == end) break;
    *to++ = '\\';
    if (*at >= 0x20) *to++ = *at;
    else if (short_forms[*at]) *to++ = short_forms[*at];
    else to += sprintf((char *)to, "u%04x", *at);
    at++;
  }
  *to++ = '"';
  b->size = to - b->bytes;
}

static void put_json_or_null(struct buffer *b, struct text text) {
  if (text.at) put_json(b, text);
  else PUT(b, "null");
}

/* application/x-www-form-urlencoded: for each byte the one or three bytes that stand for it. */
static uint32_t form_words[256];

static void make_form_words(void) {
  for (int byte = 0; byte < 256; byte++) {
    bool stays = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                 byte == '-' || byte == '_' || byte == '.';
    const char *digits = "0123456789ABCDEF";
    form_words[byte] = stays         ? (uint32_t)byte
                       : byte == ' ' ? '+'
                                     : '%' | (uint32_t)digits[byte >> 4] << 8 | (uint32_t)digits[byte & 15] << 16;
  }
}

static void put_form(struct buffer *b, const uint8_t *at, size_t size) {
  reserve(b, size * 3 + 1);
  uint8_t *to = b->bytes + b->size;
  for (const uint8_t *end = at + size; at < end; at++) {
    uint32_t word = form_words[*at];
    memcpy(to, &word, 4);
    to += word > 0xFF ? 3 : 1;
  }
  b->size = to - b->bytes;
}

static bool is_utf8(const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    if (end - at >= 8 && !(word_at(at) & 0x8080808080808080)) {
      at += 8;
      continue;
    }
    uint8_t first = *at++;
    if (first < 0x80) continue;
    int more = first >= 0xC2 && first <= 0xDF   ? 1
               : first >= 0xE0 && first <= 0xEF ? 2
               : first >= 0xF0 && first <= 0xF4 ? 3
                                                : 0;
    if (!more || end - at < more) return false;
    if ((first == 0xE0 && *at < 0xA0) || (first == 0xED && *at > 0x9F) || (first == 0xF0 && *at < 0x90) ||
        (first == 0xF4 && *at > 0x8F))
      return false;
    while (more--)
      if ((*at++ & 0xC0) != 0x80) return false;
  }
  return true;
}
