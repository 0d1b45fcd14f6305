/* An event: its members, their rules, and what it is on its way. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <strings.h>

#include "json.h"

enum { CONTENT_BYTES = 64 << 10, VALUE_BYTES = 1 << 20, ID_DIGITS = 64 };

enum member {
  MESSAGE_ID, SID, SESSION_SOURCE, BU_ID, CONTENT, CMS_ID, DING_CORP_ID, SENDER_ID, OPEN_INSTANCE_ID, EVENT_ID,
  TEXTS,
  CONTENT_TYPE = TEXTS, SENDER_TYPE, PRODUCTION_TYPE, MESSAGE_CREATE_AT,
  MEMBERS,
};
static const char *const member_names[MEMBERS] = {
    "message_id", "sid", "session_source", "bu_id", "content", "cms_id", "ding_corp_id", "sender_id",
    "open_instance_id", "event_id", "content_type", "sender_type", "production_type", "message_create_at"};
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
  const uint32_t required =
      1u << MESSAGE_ID | 1u << SID | 1u << SESSION_SOURCE | 1u << BU_ID | 1u << CONTENT | 1u << CONTENT_TYPE;
  if ((event->seen & required) != required) die("a member is missing");
  if (!(event->seen & 1u << SENDER_TYPE)) event->numbers[SENDER_TYPE - TEXTS] = 1;
}
