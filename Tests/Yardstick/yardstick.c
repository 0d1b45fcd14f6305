/* The yardstick: the worker's job as one would write it by hand in C, as fast as is reasonable and no faster than is
 * right. `./dev bench` builds it and runs it beside the worker, so that what the worker costs can be said as a ratio
 * that means the same on any machine. Not shipped.
 *
 * The same job: a member of a group reads events, checks them (UTF-8, JSON, every member's rule), sends each as a
 * signed POST over connections that are kept, one request per conversation at a time, checks the answer, and writes
 * one outcome of the same form with the same headers to the same partition; outcomes and offsets are committed in one
 * transaction by a second thread. Size and pace of batches, the bounds of memory and what is set of librdkafka are the
 * worker's; where not, it is said.
 *
 * Left out is what happens when something goes wrong: retries, recovery after a crash, configuration, metrics.
 * Whatever is not the ordinary course ends the program with a message, so nothing of what it measures is failure. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
  EVENTS_IN_MEMORY = 12000,
  BYTES_IN_MEMORY = 64 << 20,
  RECORDS_PER_TAKE = 256,
  LANE_BUCKETS = 1 << 14,
  READY_DESCRIPTORS = 256,
  ANSWER_BYTES = 4096,
  CONTENT_BYTES = 64 << 10,
  VALUE_BYTES = 1 << 20,
  ID_DIGITS = 64,
  OUTCOMES_THAT_START_BATCH = 500,
  PARTITIONS = 1024,
};
static const int64_t COMMIT_INTERVAL_US = 50 * 1000, REQUEST_TIMEOUT_US = 8 * 1000 * 1000, LONGEST_WAIT_US = 1000 * 1000;

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

/* ---- Bytes ---------------------------------------------------------------------------------------------------- */

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
    int more = first >= 0xC2 && first <= 0xDF ? 1 : first >= 0xE0 && first <= 0xEF ? 2 : first >= 0xF0 && first <= 0xF4 ? 3 : 0;
    if (!more || end - at < more) return false;
    if ((first == 0xE0 && *at < 0xA0) || (first == 0xED && *at > 0x9F) || (first == 0xF0 && *at < 0x90) ||
        (first == 0xF4 && *at > 0x8F))
      return false;
    while (more--)
      if ((*at++ & 0xC0) != 0x80) return false;
  }
  return true;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------- */

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

/* ---- Events --------------------------------------------------------------------------------------------------- */

enum member {
  MESSAGE_ID, SID, SESSION_SOURCE, BU_ID, CONTENT, CMS_ID, DING_CORP_ID, SENDER_ID, OPEN_INSTANCE_ID, EVENT_ID,
  TEXTS,
  CONTENT_TYPE = TEXTS, SENDER_TYPE, PRODUCTION_TYPE, MESSAGE_CREATE_AT,
  MEMBERS,
};
static const char *const member_names[MEMBERS] = {
    "message_id", "sid", "session_source", "bu_id", "content", "cms_id", "ding_corp_id", "sender_id", "open_instance_id",
    "event_id", "content_type", "sender_type", "production_type", "message_create_at"};
enum { LONGEST_NAME = 17, NAMES_OF_A_LENGTH = 2 };
static int8_t members_by_length[LONGEST_NAME + 1][NAMES_OF_A_LENGTH];

struct event {
  rd_kafka_message_t *record;
  struct text texts[TEXTS];
  int64_t numbers[MEMBERS - TEXTS];
  uint32_t seen;
  struct buffer unescaped;
  int64_t received_at, received_us, head_us, sent_at, sent_us;
  struct lane *lane;
  struct event *next; /* In its lane, among the ready or among the free. */
  uint32_t place;     /* In its partition's window. */
};

struct choice {
  const char *name;
  int64_t number;
};
static const struct choice content_types[] = {
    {"text", 1}, {"image", 2}, {"video", 3}, {"link", 4}, {"voice", 5}, {"markdown", 6}, {"mark_down", 6},
    {"action_card", 7}, {"rich_text", 8}, {"file", 9}, {"read", 10}, {"msg_read", 10}, {0}};
static const struct choice sender_types[] = {{"member", 1}, {"agent", 4}, {0}};
static const struct choice production_types[] = {{"customer_service", 1}, {"economy_customer_service", 1001}, {0}};

static int64_t number_of(struct text digits) {
  bool is_negative = digits.size > 1 && *digits.at == '-';
  int64_t number = 0;
  if (digits.size - is_negative == 0) die("an empty number");
  for (uint32_t i = is_negative; i < digits.size; i++) {
    if (digits.at[i] < '0' || digits.at[i] > '9') die("a text that is no number");
    if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digits.at[i] - '0', &number))
      die("a number out of range");
  }
  return is_negative ? -number : number;
}

static int64_t chosen(struct text text, bool is_string, const struct choice *choices) {
  if (is_string)
    for (const struct choice *choice = choices; choice->name; choice++)
      if (strlen(choice->name) == text.size && !strncasecmp(choice->name, (const char *)text.at, text.size))
        return choice->number;
  int64_t number = number_of(text);
  for (const struct choice *choice = choices; choice->name; choice++)
    if (choice->number == number) return number;
  die("a value that is not allowed");
}

static void refuse_blank(struct text text) {
  for (uint32_t i = 0; i < text.size; i++) {
    uint8_t byte = text.at[i];
    /* What may begin a wide space is left to whoever has to decide it. */
    if (byte > 0x20 && byte != 0xC2 && (byte < 0xE1 || byte > 0xE3)) return;
    if (byte >= 0x80) die("a text that may be blank");
  }
  die("a blank or empty text");
}

static void make_member_table(void) {
  memset(members_by_length, -1, sizeof members_by_length);
  for (int member = 0; member < MEMBERS; member++) {
    int8_t *places = members_by_length[strlen(member_names[member])];
    places[places[0] >= 0] = (int8_t)member;
  }
}

static enum member member_named(struct text name) {
  if (name.size <= LONGEST_NAME)
    for (int i = 0; i < NAMES_OF_A_LENGTH; i++) {
      int member = members_by_length[name.size][i];
      if (member >= 0 && !memcmp(member_names[member], name.at, name.size)) return member;
    }
  die("an unknown member %.*s", (int)name.size, name.at);
}

static void read_event(struct event *event) {
  const uint8_t *value = event->record->payload;
  size_t size = event->record->len;
  if (!value || !size || size > VALUE_BYTES) die("an empty or too large value");
  if (!is_utf8(value, value + size)) die("not UTF-8");
  event->unescaped.size = 0;
  reserve(&event->unescaped, size);
  memset(event->texts, 0, sizeof event->texts);
  event->seen = 0;
  struct cursor c = {value, value + size, &event->unescaped};
  struct text name;
  bool is_first = true;
  skip_space(&c);
  expect(&c, '{');
  while (next_member(&c, &is_first, &name)) {
    enum member member = member_named(name);
    if (event->seen & 1u << member) die("a duplicate member");
    bool is_string = peek(&c) == '"';
    struct text text = is_string ? read_string(&c) : read_integer(&c);
    event->seen |= 1u << member;
    switch (member) {
      case CONTENT:
        if (!is_string || !text.size || text.size > CONTENT_BYTES) die("a content of the wrong type or size");
        break;
      case MESSAGE_ID: case SID: case SESSION_SOURCE: case BU_ID: case EVENT_ID: refuse_blank(text); break;
      case CONTENT_TYPE: event->numbers[member - TEXTS] = chosen(text, is_string, content_types); break;
      case SENDER_TYPE: event->numbers[member - TEXTS] = chosen(text, is_string, sender_types); break;
      case PRODUCTION_TYPE: event->numbers[member - TEXTS] = chosen(text, is_string, production_types); break;
      case MESSAGE_CREATE_AT: event->numbers[member - TEXTS] = number_of(text); break;
      default: break;
    }
    if (member < TEXTS) {
      if (!is_string && text.size > ID_DIGITS) die("a number that is too long for an id");
      event->texts[member] = text;
    }
  }
  skip_space(&c);
  if (c.at != c.end) die("something stands behind the event");
  const uint32_t required = 1u << MESSAGE_ID | 1u << SID | 1u << SESSION_SOURCE | 1u << BU_ID | 1u << CONTENT | 1u << CONTENT_TYPE;
  if ((event->seen & required) != required) die("a member is missing");
  if (!(event->seen & 1u << SENDER_TYPE)) event->numbers[SENDER_TYPE - TEXTS] = 1;
}

/* ---- What the program holds ------------------------------------------------------------------------------------ */

struct lane {
  uint64_t hash;
  int32_t partition;
  struct lane *next; /* In its bucket or among the free. */
  struct event *first, *last;
};

struct window {
  struct place {
    int64_t offset;
    bool is_resolved;
  } *places; /* A ring; its size is a power of two. */
  uint32_t first, end, room;
  int64_t committable; /* -1 before the first. */
  bool is_dirty;
};

enum connection_state { CONNECTING, IDLE, SENDING, RECEIVING };
struct connection {
  int descriptor;
  enum connection_state state;
  struct event *event;
  struct buffer request;
  size_t sent, have;
  struct connection *older, *newer; /* Requests in flight, oldest first. */
  uint8_t answer[ANSWER_BYTES];
};

struct outcome {
  int32_t partition;
  struct piece {
    uint32_t start, size;
  } key, value, identity, partition_digits, offset_digits, time, event_id, message_id;
};
struct batch {
  struct buffer bytes;
  struct outcome *outcomes;
  size_t count, room;
  int64_t oldest_us;
  rd_kafka_topic_partition_list_t *offsets;
  uint32_t number;
};

static struct {
  const char *bootstrap, *group, *input, *output, *url, *app_key, *secret;
  int in_flight;
} options = {.in_flight = 256};

static rd_kafka_t *consumer, *producer;
static rd_kafka_queue_t *records;
static rd_kafka_topic_t *output_topic;
static int poll_descriptor, records_descriptor, answers_descriptor, stop_descriptor;
static struct sockaddr_in gateway;
static struct buffer head, form_start, text_start, signed_text;
static EVP_MAC_CTX *signature;
static struct event *free_events, *ready_first, *ready_last;
static struct lane *buckets[LANE_BUCKETS], *free_lanes;
static struct window windows[PARTITIONS];
static struct connection *oldest, *newest, **idle;
static int ready_count, idle_count, connecting_count, connection_count, flying_count;
static size_t bytes_in_memory;
static uint64_t lane_seed;
static int64_t now_us, now_ms;
static bool may_have_records, is_stopping;
static struct batch batches[2], *filling = &batches[0];
static bool batch_is_under_way;

static void look_at_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  now_us = time.tv_sec * 1000000LL + time.tv_nsec / 1000;
  clock_gettime(CLOCK_REALTIME, &time);
  now_ms = time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* ---- Request --------------------------------------------------------------------------------------------------- */

static void put_both(struct buffer *form, struct buffer *text, const char *name, const char *value) {
  put(text, name, strlen(name));
  put(text, value, strlen(value));
  put(form, name, strlen(name));
  PUT(form, "=");
  put_form(form, (const uint8_t *)value, strlen(value));
  PUT(form, "&");
}

static void make_request_parts(void) {
  char host[64], path[256] = "/";
  int port = 80;
  if (sscanf(options.url, "http://%63[0-9.]:%d%255s", host, &port, path) < 2) die("--url is not http://ADDRESS:PORT/PATH");
  gateway.sin_family = AF_INET;
  gateway.sin_port = htons(port);
  if (inet_pton(AF_INET, host, &gateway.sin_addr) != 1) die("the address of the gateway");
  char start[512];
  put(&head, start,
      snprintf(start, sizeof start,
               "POST %s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: yardstick\r\nAccept: application/json\r\n"
               "Content-Type: application/x-www-form-urlencoded;charset=utf-8\r\nContent-Length: ",
               path, host, port));
  put_both(&form_start, &text_start, "app_key", options.app_key);
  put_both(&form_start, &text_start, "format", "json");
  put_both(&form_start, &text_start, "ly_ding_open_para_dto", "{}");
  PUT(&form_start, "ly_open_message_dto=");
  PUT(&text_start, "ly_open_message_dto");
  EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
  signature = EVP_MAC_CTX_new(algorithm);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0), OSSL_PARAM_construct_end()};
  if (!EVP_MAC_init(signature, (const uint8_t *)options.secret, strlen(options.secret), parameters)) die("HMAC");
}

/* The parameters behind the message, with the time; made once a second. */
static void put_end(struct buffer *form, struct buffer *text) {
  static struct buffer form_end, text_end;
  static int64_t made_for = -1;
  if (made_for != now_ms / 1000) {
    made_for = now_ms / 1000;
    time_t seconds = made_for + 8 * 3600;
    struct tm parts;
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &parts));
    form_end.size = text_end.size = 0;
    PUT(&form_end, "&");
    put_both(&form_end, &text_end, "method", "alibaba.lyservice.lippi.message.send");
    put_both(&form_end, &text_end, "sign_method", "hmac-sha256");
    put_both(&form_end, &text_end, "timestamp", stamp);
    put_both(&form_end, &text_end, "v", "2.0");
    PUT(&form_end, "sign=");
  }
  put(form, form_end.bytes, form_end.size);
  put(text, text_end.bytes, text_end.size);
}

static void put_message(struct buffer *b, const struct event *event) {
#define TEXT_MEMBER(before, member) \
  if (event->texts[member].at) PUT(b, before), put_json(b, event->texts[member])
#define NUMBER_MEMBER(before, member) \
  if (event->seen & 1u << member) PUT(b, before), put_number(b, event->numbers[member - TEXTS])
  PUT(b, "{\"bu_id\":");
  put_json(b, event->texts[BU_ID]);
  TEXT_MEMBER(",\"cms_id\":", CMS_ID);
  TEXT_MEMBER(",\"content\":", CONTENT);
  NUMBER_MEMBER(",\"content_type\":", CONTENT_TYPE);
  TEXT_MEMBER(",\"ding_corp_id\":", DING_CORP_ID);
  NUMBER_MEMBER(",\"message_create_at\":", MESSAGE_CREATE_AT);
  TEXT_MEMBER(",\"message_id\":", MESSAGE_ID);
  TEXT_MEMBER(",\"open_instance_id\":", OPEN_INSTANCE_ID);
  NUMBER_MEMBER(",\"production_type\":", PRODUCTION_TYPE);
  TEXT_MEMBER(",\"sender_id\":", SENDER_ID);
  PUT(b, ",\"sender_type\":\"");
  put_number(b, event->numbers[SENDER_TYPE - TEXTS]);
  PUT(b, "\",\"session_source\":");
  put_json(b, event->texts[SESSION_SOURCE]);
  PUT(b, ",\"sid\":");
  put_json(b, event->texts[SID]);
  PUT(b, "}");
}

/* The body first, behind room for the head; then the head right in front of it. Returns where the request begins. */
static size_t write_request(struct buffer *request, const struct event *event) {
  enum { LENGTH_DIGITS = 20 };
  static const char head_end[] = "\r\n\r\n";
  size_t room = head.size + LENGTH_DIGITS + sizeof head_end - 1;
  request->size = 0;
  reserve(request, room);
  request->size = room;
  signed_text.size = 0;
  put(request, form_start.bytes, form_start.size);
  put(&signed_text, text_start.bytes, text_start.size);
  size_t start = signed_text.size;
  put_message(&signed_text, event);
  put_form(request, signed_text.bytes + start, signed_text.size - start);
  put_end(request, &signed_text);
  uint8_t digest[32];
  size_t size;
  if (!EVP_MAC_init(signature, NULL, 0, NULL) || !EVP_MAC_update(signature, signed_text.bytes, signed_text.size) ||
      !EVP_MAC_final(signature, digest, &size, sizeof digest))
    die("HMAC");
  reserve(request, 2 * size);
  for (size_t i = 0; i < size; i++) {
    request->bytes[request->size++] = "0123456789ABCDEF"[digest[i] >> 4];
    request->bytes[request->size++] = "0123456789ABCDEF"[digest[i] & 15];
  }
  uint8_t *at = request->bytes + room - (sizeof head_end - 1);
  memcpy(at, head_end, sizeof head_end - 1);
  size_t length = request->size - room;
  do *--at = '0' + length % 10;
  while (length /= 10);
  at -= head.size;
  memcpy(at, head.bytes, head.size);
  return at - request->bytes;
}

/* ---- Outcome --------------------------------------------------------------------------------------------------- */

enum { RESULT_CODE, RESULT_MESSAGE, DATA, REQUEST_ID, ANSWER_TEXTS };
struct answer {
  struct text texts[ANSWER_TEXTS];
};

static inline uint32_t piece_hash(const uint8_t *at) {
  uint32_t piece;
  memcpy(&piece, at, 4);
  return piece * 0x9E3779B1u >> 20;
}

/* No text of the gateway may repeat eight bytes of the content, or a member's id. Of eight bytes in the content, four
 * that stand at a multiple of five are among the texts' pieces: only where such a piece is, is looked closely. */
static void refuse_echoes(const struct text *texts, int count, const struct event *event) {
  uint64_t pieces[64] = {0};
  struct text content = event->texts[CONTENT];
  bool is_long = false;
  for (const struct text *text = texts; text < texts + count; text++) {
    for (uint32_t i = 0; i < text->size; i++)
      if (text->at[i] < 0x20 || text->at[i] > 0x7E) die("a text of the gateway is not plain");
    for (int member = CMS_ID; member <= SENDER_ID; member += SENDER_ID - CMS_ID) {
      struct text id = event->texts[member];
      if (id.at && id.size <= text->size && memmem(text->at, text->size, id.at, id.size)) die("the gateway repeats an id");
    }
    if (text->size < 8) continue;
    is_long = true;
    for (uint32_t i = 0; i + 4 <= text->size; i++) {
      uint32_t hash = piece_hash(text->at + i);
      pieces[hash >> 6] |= 1ull << (hash & 63);
    }
  }
  if (!is_long) return;
  for (uint32_t at = 0; at + 4 <= content.size; at += 5) {
    uint32_t hash = piece_hash(content.at + at);
    if (!(pieces[hash >> 6] & 1ull << (hash & 63))) continue;
    for (const struct text *text = texts; text < texts + count; text++)
      for (uint32_t i = at < 4 ? 0 : at - 4; i <= at && i + 8 <= content.size; i++)
        if (memmem(text->at, text->size, content.at + i, 8)) die("the gateway repeats the content");
  }
}

static void put_time(struct buffer *b, int64_t milliseconds) {
  static char text[48];
  static int64_t made_for = -1;
  if (made_for != milliseconds / 1000) {
    made_for = milliseconds / 1000;
    time_t seconds = made_for;
    struct tm parts;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &parts));
  }
  char rest[] = {'.', '0' + milliseconds / 100 % 10, '0' + milliseconds / 10 % 10, '0' + milliseconds % 10, 'Z'};
  put(b, text, 19);
  put(b, rest, sizeof rest);
}

static inline struct piece since(struct buffer *b, size_t start) { return (struct piece){start, b->size - start}; }

static void put_member(struct buffer *b, const char *before, int64_t number) {
  put(b, before, strlen(before));
  put_number(b, number);
}

static void write_outcome(const struct event *event, const struct answer *answer) {
  struct batch *batch = filling;
  struct buffer *b = &batch->bytes;
  refuse_echoes(answer->texts, ANSWER_TEXTS, event);
  if (batch->count == batch->room) {
    batch->room = batch->room ? batch->room * 2 : 1024;
    if (!(batch->outcomes = realloc(batch->outcomes, batch->room * sizeof *batch->outcomes))) die("out of memory");
  }
  if (!batch->count) batch->oldest_us = now_us;
  struct outcome *outcome = &batch->outcomes[batch->count++];
  const rd_kafka_message_t *record = event->record;
  int64_t timestamp = rd_kafka_message_timestamp(record, NULL);
  outcome->partition = record->partition;
  size_t start = b->size;
  put(b, record->key, record->key_len);
  outcome->key = since(b, start);
  start = b->size;
  put(b, options.input, strlen(options.input));
  PUT(b, "/");
  size_t digits = b->size;
  put_number(b, record->partition);
  outcome->partition_digits = since(b, digits);
  PUT(b, "/");
  digits = b->size;
  put_number(b, record->offset);
  outcome->offset_digits = since(b, digits);
  outcome->identity = since(b, start);
  start = b->size;
  put_time(b, now_ms);
  outcome->time = since(b, start);
  start = b->size;
  put(b, event->texts[MESSAGE_ID].at, event->texts[MESSAGE_ID].size);
  outcome->message_id = since(b, start);
  outcome->event_id = outcome->identity;
  if (event->texts[EVENT_ID].at) {
    start = b->size;
    put(b, event->texts[EVENT_ID].at, event->texts[EVENT_ID].size);
    outcome->event_id = since(b, start);
  }
  reserve(b, outcome->event_id.size);
  struct text event_id = {b->bytes + outcome->event_id.start, outcome->event_id.size};
  uint8_t identity[512];
  if (event_id.size > sizeof identity) die("a long event_id");
  memcpy(identity, event_id.at, event_id.size);
  event_id.at = identity;
  start = b->size;
  PUT(b, "{\"schema\":\"lippi-outcome/v1\",\"outcome\":\"delivered\",\"success\":true,\"event_id\":");
  put_json(b, event_id);
  PUT(b, ",\"message_id\":");
  put_json(b, event->texts[MESSAGE_ID]);
  PUT(b, ",\"sid\":");
  put_json(b, event->texts[SID]);
  put_member(b, ",\"content_type\":", event->numbers[CONTENT_TYPE - TEXTS]);
  PUT(b, ",\"bu_id\":");
  put_json(b, event->texts[BU_ID]);
  PUT(b, ",\"session_source\":");
  put_json(b, event->texts[SESSION_SOURCE]);
  PUT(b, ",\"open_instance_id\":");
  put_json_or_null(b, event->texts[OPEN_INSTANCE_ID]);
  PUT(b, ",\"corp_id\":null,\"source\":{\"topic\":\"");
  put(b, options.input, strlen(options.input));
  put_member(b, "\",\"partition\":", record->partition);
  put_member(b, ",\"offset\":", record->offset);
  put_member(b, ",\"timestamp\":", timestamp);
  PUT(b, "},\"gateway\":{\"app_key\":\"");
  put(b, options.app_key, strlen(options.app_key));
  PUT(b, "\",\"http_status\":200,\"code\":null,\"message\":null,\"sub_code\":null,\"sub_message\":null,\"result_code\":");
  put_json_or_null(b, answer->texts[RESULT_CODE]);
  PUT(b, ",\"result_message\":");
  put_json_or_null(b, answer->texts[RESULT_MESSAGE]);
  PUT(b, ",\"data\":");
  put_json_or_null(b, answer->texts[DATA]);
  PUT(b, ",\"request_id\":");
  put_json_or_null(b, answer->texts[REQUEST_ID]);
  PUT(b, "},\"error\":null,\"warnings\":[],\"attempts\":1,\"possible_duplicate\":false,\"attempt_log\":[]");
  put_member(b, ",\"received_at\":", event->received_at);
  put_member(b, ",\"first_sent_at\":", event->sent_at);
  put_member(b, ",\"finished_at\":", now_ms);
  put_member(b, ",\"queue_ms\":", event->sent_at - event->received_at);
  put_member(b, ",\"gateway_ms\":", (now_us - event->sent_us) / 1000);
  put_member(b, ",\"total_ms\":", now_ms - timestamp);
  put_member(b, ",\"waited_ms\":{\"lane\":", (event->head_us - event->received_us) / 1000);
  PUT(b, ",\"retry\":0,\"breaker\":0,\"halt\":0,\"ban\":0},\"redrive\":null,"
         "\"bridge\":{\"instance\":\"yardstick\",\"version\":\"0.1.0\",\"rules\":\"2026-11-25\"}}");
  outcome->value = since(b, start);
}

/* ---- Committer's thread ---------------------------------------------------------------------------------------- */

static pthread_mutex_t desk = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t desk_changed = PTHREAD_COND_INITIALIZER;
static struct batch *handed_over;

static void check(rd_kafka_error_t *error, const char *what) {
  if (error) die("%s: %s", what, rd_kafka_error_string(error));
}

static void produce(const struct batch *batch, const struct outcome *outcome, const char *ce_source) {
  const uint8_t *bytes = batch->bytes.bytes;
  char number[20];
  snprintf(number, sizeof number, "%08x%08x", (uint32_t)lane_seed, batch->number);
  rd_kafka_headers_t *headers = rd_kafka_headers_new(16);
#define HEADER(name, bytes, size) rd_kafka_header_add(headers, name, sizeof name - 1, bytes, size)
#define PIECE(name, piece) HEADER(name, bytes + (piece).start, (piece).size)
  HEADER("source_topic", options.input, -1);
  HEADER("content-type", "application/json", 16);
  HEADER("ce_specversion", "1.0", 3);
  HEADER("ce_source", ce_source, -1);
  HEADER("outcome", "delivered", 9);
  PIECE("source_partition", outcome->partition_digits);
  PIECE("source_offset", outcome->offset_digits);
  PIECE("ce_id", outcome->identity);
  HEADER("ce_type", "com.lippi-bridge.message.delivered.v1", 37);
  PIECE("ce_time", outcome->time);
  PIECE("event_id", outcome->event_id);
  PIECE("ce_subject", outcome->message_id);
  HEADER("bridge_batch", number, 16);
  /* Not copied: the batch stays where it is until all of it is delivered. */
  rd_kafka_resp_err_t code = rd_kafka_producev(
      producer, RD_KAFKA_V_RKT(output_topic), RD_KAFKA_V_PARTITION(outcome->partition), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_VALUE((void *)(bytes + outcome->value.start), outcome->value.size),
      RD_KAFKA_V_KEY(bytes + outcome->key.start, outcome->key.size), RD_KAFKA_V_END);
  if (code) die("produce: %s", rd_kafka_err2str(code));
}

static void *commit_batches(void *unused) {
  (void)unused;
  char ce_source[300];
  snprintf(ce_source, sizeof ce_source, "/lippi-bridge/%s", options.group);
  while (true) {
    pthread_mutex_lock(&desk);
    while (!handed_over) pthread_cond_wait(&desk_changed, &desk);
    struct batch *batch = handed_over;
    pthread_mutex_unlock(&desk);
    check(rd_kafka_begin_transaction(producer), "begin");
    for (size_t i = 0; i < batch->count; i++) {
      produce(batch, &batch->outcomes[i], ce_source);
      if ((i & 255) == 255) rd_kafka_poll(producer, 0);
    }
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer);
    check(rd_kafka_send_offsets_to_transaction(producer, batch->offsets, metadata, 15000), "send offsets");
    rd_kafka_consumer_group_metadata_destroy(metadata);
    check(rd_kafka_commit_transaction(producer, 15000), "commit");
    pthread_mutex_lock(&desk);
    handed_over = NULL;
    pthread_mutex_unlock(&desk);
    eventfd_write(answers_descriptor, 1);
  }
  return NULL;
}

static void hand_over_batch(void) {
  struct batch *batch = filling;
  if (batch_is_under_way || !batch->count) return;
  if (batch->count < OUTCOMES_THAT_START_BATCH && now_us - batch->oldest_us < COMMIT_INTERVAL_US && !is_stopping) return;
  batch->offsets = rd_kafka_topic_partition_list_new(16);
  for (int partition = 0; partition < PARTITIONS; partition++) {
    if (!windows[partition].is_dirty) continue;
    windows[partition].is_dirty = false;
    rd_kafka_topic_partition_list_add(batch->offsets, options.input, partition)->offset = windows[partition].committable;
  }
  static uint32_t count;
  batch->number = ++count;
  batch_is_under_way = true;
  filling = batch == &batches[0] ? &batches[1] : &batches[0];
  pthread_mutex_lock(&desk);
  handed_over = batch;
  pthread_cond_signal(&desk_changed);
  pthread_mutex_unlock(&desk);
}

static void batch_was_committed(void) {
  struct batch *batch = filling == &batches[0] ? &batches[1] : &batches[0];
  rd_kafka_topic_partition_list_destroy(batch->offsets);
  batch->count = batch->bytes.size = 0;
  batch_is_under_way = false;
}

/* ---- Windows and lanes ------------------------------------------------------------------------------------------ */

static uint32_t add_to_window(struct window *window, int64_t offset) {
  if (window->end - window->first == window->room) {
    uint32_t room = window->room ? window->room * 2 : 1024;
    struct place *places = allocate(room * sizeof *places);
    for (uint32_t place = window->first; place != window->end; place++)
      places[place & (room - 1)] = window->places[place & (window->room - 1)];
    free(window->places);
    window->places = places;
    window->room = room;
  }
  window->places[window->end & (window->room - 1)] = (struct place){offset, false};
  return window->end++;
}

static void resolve(struct window *window, uint32_t place) {
  window->places[place & (window->room - 1)].is_resolved = true;
  for (; window->first != window->end; window->first++) {
    struct place *first = &window->places[window->first & (window->room - 1)];
    if (!first->is_resolved) return;
    window->committable = first->offset + 1;
    window->is_dirty = true;
  }
}

static inline uint64_t fold(uint64_t number) {
  unsigned __int128 product = (unsigned __int128)number * 0x9E3779B97F4A7C15u;
  return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static uint64_t lane_hash(struct text text) {
  uint64_t state = lane_seed ^ text.size, rest = 0;
  uint32_t at = 0;
  for (; at + 8 <= text.size; at += 8) state = fold(state ^ word_at(text.at + at));
  for (; at < text.size; at++) rest = rest << 8 | text.at[at];
  return fold(fold(state ^ rest) ^ lane_seed);
}

static void make_ready(struct event *event) {
  event->head_us = now_us;
  event->next = NULL;
  if (ready_last) ready_last->next = event;
  else ready_first = event;
  ready_last = event;
  ready_count++;
}

static void join_lane(struct event *event) {
  int32_t partition = event->record->partition;
  uint64_t hash = lane_hash(event->texts[SID]);
  struct lane **bucket = &buckets[(hash + partition) & (LANE_BUCKETS - 1)], *lane = *bucket;
  while (lane && (lane->hash != hash || lane->partition != partition)) lane = lane->next;
  if (lane) {
    event->lane = lane;
    event->next = NULL;
    if (lane->last) lane->last->next = event;
    else lane->first = event;
    lane->last = event;
    return;
  }
  if ((lane = free_lanes)) free_lanes = lane->next;
  else lane = allocate(sizeof *lane);
  *lane = (struct lane){hash, partition, *bucket, NULL, NULL};
  *bucket = lane;
  event->lane = lane;
  make_ready(event);
}

static void leave_lane(struct event *event) {
  struct lane *lane = event->lane;
  if (lane->first) {
    struct event *next = lane->first;
    if (!(lane->first = next->next)) lane->last = NULL;
    return make_ready(next);
  }
  struct lane **link = &buckets[(lane->hash + lane->partition) & (LANE_BUCKETS - 1)];
  while (*link != lane) link = &(*link)->next;
  *link = lane->next;
  lane->next = free_lanes;
  free_lanes = lane;
}

static void take_records(void) {
  while (may_have_records && free_events && bytes_in_memory < BYTES_IN_MEMORY && !is_stopping) {
    rd_kafka_message_t *taken[RECORDS_PER_TAKE];
    size_t room = 0;
    for (struct event *event = free_events; event && room < RECORDS_PER_TAKE; event = event->next) room++;
    ssize_t count = rd_kafka_consume_batch_queue(records, 0, taken, room);
    if (count <= 0) may_have_records = false;
    for (ssize_t i = 0; i < count; i++) {
      if (taken[i]->err) die("consume: %s", rd_kafka_message_errstr(taken[i]));
      struct event *event = free_events;
      free_events = event->next;
      event->record = taken[i];
      event->received_at = now_ms;
      event->received_us = now_us;
      bytes_in_memory += taken[i]->len;
      read_event(event);
      if (taken[i]->partition >= PARTITIONS) die("too many partitions");
      event->place = add_to_window(&windows[taken[i]->partition], taken[i]->offset);
      join_lane(event);
    }
  }
}

static void rebalanced(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque) {
  (void)opaque;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) rd_kafka_assign(client, list);
  else if (is_stopping) rd_kafka_assign(client, NULL);
  else die("partitions were taken away: %s", rd_kafka_err2str(code));
}

/* ---- Connections ------------------------------------------------------------------------------------------------ */

static void watch(struct connection *connection, uint32_t wanted, int operation) {
  struct epoll_event event = {.events = wanted, .data.ptr = connection};
  if (epoll_ctl(poll_descriptor, operation, connection->descriptor, &event)) die("epoll: %s", strerror(errno));
}

static void open_connection(struct connection *connection) {
  int one = 1;
  if (!connection) connection = allocate(sizeof *connection);
  connection->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connection->descriptor < 0) die("socket: %s", strerror(errno));
  setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(connection->descriptor, (struct sockaddr *)&gateway, sizeof gateway) && errno != EINPROGRESS)
    die("connect: %s", strerror(errno));
  connection->state = CONNECTING;
  connection_count++;
  connecting_count++;
  watch(connection, EPOLLOUT, EPOLL_CTL_ADD);
}

static void send_more(struct connection *connection) {
  size_t left = connection->request.size - connection->sent;
  ssize_t count = send(connection->descriptor, connection->request.bytes + connection->sent, left, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN) die("send: %s", strerror(errno));
  if (count > 0) connection->sent += count;
  if ((size_t)(count > 0 ? count : 0) == left) {
    if (connection->state == SENDING) watch(connection, EPOLLIN, EPOLL_CTL_MOD);
    connection->state = RECEIVING;
  } else if (connection->state != SENDING) {
    connection->state = SENDING;
    watch(connection, EPOLLOUT, EPOLL_CTL_MOD);
  }
}

static void dispatch(void) {
  while (ready_count > idle_count + connecting_count && connection_count < options.in_flight && !is_stopping)
    open_connection(NULL);
  while (ready_first && idle_count && !is_stopping) {
    struct connection *connection = idle[--idle_count];
    struct event *event = ready_first;
    if (!(ready_first = event->next)) ready_last = NULL;
    ready_count--;
    connection->event = event;
    connection->sent = write_request(&connection->request, event);
    connection->have = 0;
    connection->older = newest;
    connection->newer = NULL;
    if (newest) newest->newer = connection;
    else oldest = connection;
    newest = connection;
    flying_count++;
    event->sent_at = now_ms;
    event->sent_us = now_us;
    connection->state = RECEIVING;
    send_more(connection);
  }
}

static bool names(const uint8_t *line, const char *name) { return !strncasecmp((const char *)line, name, strlen(name)); }

/* A whole answer in the connection's buffer; NULL while something is missing. */
static const uint8_t *body_of_answer(struct connection *connection, size_t *size) {
  uint8_t *bytes = connection->answer, *end = memmem(bytes, connection->have, "\r\n\r\n", 4);
  if (!end) return NULL;
  if (memcmp(bytes, "HTTP/1.1 200 ", 13)) die("answer: %.*s", (int)(end - bytes), bytes);
  int64_t length = -1;
  for (uint8_t *line = bytes; line < end;) {
    line = (uint8_t *)memchr(line, '\n', end + 2 - line) + 1;
    if (line >= end) break;
    if (names(line, "content-length:")) length = strtol((char *)line + 15, NULL, 10);
    else if (names(line, "connection: close") || names(line, "transfer-encoding:") || names(line, "content-encoding:"))
      die("answer: %.*s", (int)(end - bytes), bytes);
  }
  size_t head_size = end + 4 - bytes;
  if (length < 0 || head_size + length > ANSWER_BYTES) die("an answer without length, or too long");
  if (connection->have < head_size + length) return NULL;
  if (connection->have > head_size + length) die("something stands behind the answer");
  *size = length;
  return bytes + head_size;
}

static void read_answer(const uint8_t *body, size_t size, struct answer *answer) {
  static struct buffer unescaped;
  struct cursor c = {body, body + size, &unescaped};
  struct text root, member, name;
  bool is_first_root = true, is_first = true, is_success = false;
  if (!is_utf8(body, body + size)) die("an answer is not UTF-8");
  unescaped.size = 0;
  reserve(&unescaped, ANSWER_BYTES);
  *answer = (struct answer){0};
  skip_space(&c);
  expect(&c, '{');
  if (!next_member(&c, &is_first_root, &root) || !is(root, "alibaba_lyservice_lippi_message_send_response"))
    die("answer: %.*s", (int)size, body);
  expect(&c, '{');
  while (next_member(&c, &is_first, &member)) {
    if (is(member, "request_id")) {
      answer->texts[REQUEST_ID] = read_string(&c);
      continue;
    }
    if (!is(member, "result")) die("answer: %.*s", (int)size, body);
    expect(&c, '{');
    for (bool is_first_inside = true; next_member(&c, &is_first_inside, &name);) {
      if (is(name, "success")) {
        if (c.end - c.at < 4 || memcmp(c.at, "true", 4)) die("answer: %.*s", (int)size, body);
        c.at += 4;
        is_success = true;
      } else {
        struct text text = read_string(&c);
        if (is(name, "code")) answer->texts[RESULT_CODE] = text;
        else if (is(name, "msg")) answer->texts[RESULT_MESSAGE] = text;
        else if (is(name, "data")) answer->texts[DATA] = text;
      }
    }
  }
  if (next_member(&c, &is_first_root, &name) || c.at != c.end || !is_success) die("answer: %.*s", (int)size, body);
}

static void receive(struct connection *connection) {
  ssize_t count = recv(connection->descriptor, connection->answer + connection->have, ANSWER_BYTES - connection->have, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0 && connection->state == IDLE) {
    /* The gateway closes what it finds idle. */
    close(connection->descriptor);
    connection_count--;
    for (int i = 0; i < idle_count; i++)
      if (idle[i] == connection) {
        memmove(&idle[i], &idle[i + 1], (--idle_count - i) * sizeof *idle);
        break;
      }
    free(connection->request.bytes);
    free(connection);
    return;
  }
  if (count <= 0 || connection->state != RECEIVING) die("the gateway broke a connection");
  connection->have += count;
  size_t size;
  const uint8_t *body = body_of_answer(connection, &size);
  if (!body) return;
  struct answer answer;
  read_answer(body, size, &answer);
  struct event *event = connection->event;
  write_outcome(event, &answer);
  leave_lane(event);
  resolve(&windows[event->record->partition], event->place);
  bytes_in_memory -= event->record->len;
  rd_kafka_message_destroy(event->record);
  event->next = free_events;
  free_events = event;
  *(connection->older ? &connection->older->newer : &oldest) = connection->newer;
  *(connection->newer ? &connection->newer->older : &newest) = connection->older;
  flying_count--;
  connection->state = IDLE;
  idle[idle_count++] = connection;
}

static void connection_stirred(struct connection *connection, uint32_t readiness) {
  if (connection->state == CONNECTING) {
    int code = 0;
    socklen_t size = sizeof code;
    getsockopt(connection->descriptor, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code) die("connect: %s", strerror(code));
    watch(connection, EPOLLIN, EPOLL_CTL_MOD);
    connection->state = IDLE;
    connecting_count--;
    idle[idle_count++] = connection;
  } else if (connection->state == SENDING && readiness & EPOLLOUT) {
    send_more(connection);
  } else {
    receive(connection);
  }
}

/* ---- Start and loop --------------------------------------------------------------------------------------------- */

static void delivered(rd_kafka_t *client, const rd_kafka_message_t *record, void *opaque) {
  (void)client, (void)opaque;
  if (record->err) die("an outcome was not delivered: %s", rd_kafka_err2str(record->err));
}

static rd_kafka_t *make_client(rd_kafka_type_t type, const char *const settings[][2]) {
  char reason[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (; (*settings)[0]; settings++)
    if (rd_kafka_conf_set(conf, (*settings)[0], (*settings)[1], reason, sizeof reason)) die("%s", reason);
  if (type == RD_KAFKA_CONSUMER) rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
  else rd_kafka_conf_set_dr_msg_cb(conf, delivered);
  rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof reason);
  if (!client) die("%s", reason);
  return client;
}

static void start_kafka(void) {
  char transactional_id[300];
  snprintf(transactional_id, sizeof transactional_id, "%s-yardstick", options.group);
  const char *const producing[][2] = {
      {"bootstrap.servers", options.bootstrap}, {"client.id", "yardstick"}, {"socket.nagle.disable", "true"},
      {"linger.ms", "5"}, {"compression.codec", "lz4"}, {"enable.idempotence", "true"},
      {"delivery.report.only.error", "true"}, {"transactional.id", transactional_id},
      {"transaction.timeout.ms", "15000"}, {0}};
  const char *const consuming[][2] = {
      {"bootstrap.servers", options.bootstrap}, {"client.id", "yardstick"}, {"socket.nagle.disable", "true"},
      {"group.id", options.group}, {"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"},
      {"isolation.level", "read_committed"}, {"auto.offset.reset", "earliest"}, {"check.crcs", "true"},
      /* More than the worker's 1000 records and 512 KiB, which are meant for a queue for each partition: in one queue
       * for all of them they would be exceeded most of the time, and each time reading pauses for a second. */
      {"queued.min.messages", "100000"}, {"queued.max.messages.kbytes", "16384"}, {"fetch.wait.max.ms", "100"}, {"session.timeout.ms", "15000"}, {"heartbeat.interval.ms", "1000"}, {0}};
  producer = make_client(RD_KAFKA_PRODUCER, producing);
  check(rd_kafka_init_transactions(producer, 30000), "transactions");
  if (!(output_topic = rd_kafka_topic_new(producer, options.output, NULL))) die("the result topic");
  consumer = make_client(RD_KAFKA_CONSUMER, consuming);
  rd_kafka_poll_set_consumer(consumer);
  records = rd_kafka_queue_get_consumer(consumer);
  uint64_t one = 1;
  rd_kafka_queue_io_event_enable(records, records_descriptor, &one, sizeof one);
}

static void watch_signal(int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(poll_descriptor, EPOLL_CTL_ADD, descriptor, &event)) die("epoll: %s", strerror(errno));
}

static void stop_asked(int number) {
  (void)number;
  eventfd_write(stop_descriptor, 1);
}

static void read_signals(void) {
  eventfd_t count;
  if (!eventfd_read(records_descriptor, &count)) may_have_records = true;
  if (!eventfd_read(answers_descriptor, &count)) batch_was_committed();
  if (!eventfd_read(stop_descriptor, &count)) is_stopping = true;
}

static void run(void) {
  struct epoll_event events[READY_DESCRIPTORS];
  int64_t looked_us = 0;
  while (!(is_stopping && !flying_count && !filling->count && !batch_is_under_way)) {
    int64_t wake = now_us + LONGEST_WAIT_US;
    if (filling->count && !batch_is_under_way && filling->oldest_us + COMMIT_INTERVAL_US < wake)
      wake = filling->oldest_us + COMMIT_INTERVAL_US;
    int64_t wait = (wake - now_us + 999) / 1000;
    int count = epoll_wait(poll_descriptor, events, READY_DESCRIPTORS, wait > 0 ? (int)wait : 0);
    if (count < 0 && errno != EINTR) die("epoll: %s", strerror(errno));
    look_at_clock();
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr) connection_stirred(events[i].data.ptr, events[i].events);
      else read_signals();
    }
    if (oldest && now_us - oldest->event->sent_us > REQUEST_TIMEOUT_US) die("no answer in time");
    if (now_us - looked_us >= LONGEST_WAIT_US) {
      looked_us = now_us;
      may_have_records = true;
    }
    take_records();
    dispatch();
    hand_over_batch();
  }
}

int main(int count, char **words) {
  const struct {
    const char *name, **value;
  } names[] = {{"--bootstrap", &options.bootstrap}, {"--group", &options.group}, {"--input", &options.input},
               {"--output", &options.output}, {"--url", &options.url}, {"--app-key", &options.app_key},
               {"--secret", &options.secret}};
  for (int i = 1; i + 1 < count; i += 2) {
    if (!strcmp(words[i], "--in-flight")) options.in_flight = atoi(words[i + 1]);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
      if (!strcmp(words[i], names[n].name)) *names[n].value = words[i + 1];
  }
  for (size_t n = 0; n < sizeof names / sizeof *names; n++)
    if (!*names[n].value) die("%s is missing", names[n].name);
  if (options.in_flight < 1) die("--in-flight");

  struct event *events = allocate(EVENTS_IN_MEMORY * sizeof *events);
  for (int i = 0; i < EVENTS_IN_MEMORY; i++) events[i].next = i + 1 < EVENTS_IN_MEMORY ? &events[i + 1] : NULL;
  free_events = events;
  idle = allocate(options.in_flight * sizeof *idle);
  if (getrandom(&lane_seed, sizeof lane_seed, 0) != sizeof lane_seed) die("random");
  make_form_words();
  make_member_table();
  make_request_parts();
  poll_descriptor = epoll_create1(EPOLL_CLOEXEC);
  int *descriptors[] = {&records_descriptor, &answers_descriptor, &stop_descriptor};
  for (int i = 0; i < 3; i++) watch_signal(*descriptors[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  signal(SIGTERM, stop_asked);

  start_kafka();
  pthread_t committer;
  if (pthread_create(&committer, NULL, commit_batches, NULL)) die("thread");
  puts("{\"message\":\"started\"}");
  fflush(stdout);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, options.input, RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe(consumer, topics)) die("subscribe");
  rd_kafka_topic_partition_list_destroy(topics);
  look_at_clock();
  run();
  rd_kafka_queue_destroy(records);
  rd_kafka_consumer_close(consumer);
  return 0;
}
