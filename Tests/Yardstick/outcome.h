/* The outcome of an event: value, and what its headers are made of. */
#pragma once

#include "state.h"

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
      if (id.at && id.size <= text->size && memmem(text->at, text->size, id.at, id.size))
        die("the gateway repeats an id");
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
  PUT(b, "\",\"http_status\":200,\"code\":null,\"message\":null,\"sub_code\":null,\"sub_message\":null,"
         "\"result_code\":");
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
