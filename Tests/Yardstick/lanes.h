/* Records on their way: windows of partitions, by which offsets are committed, and lanes of conversations. */
#pragma once

#include "state.h"

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
  while (may_have_records && ready_count < READY_PER_REQUEST * options.in_flight && free_events &&
         bytes_in_memory < BYTES_IN_MEMORY && !is_stopping) {
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

static void rebalanced(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
                       void *opaque) {
  (void)opaque;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) rd_kafka_assign(client, list);
  else if (is_stopping) rd_kafka_assign(client, NULL);
  else die("partitions were taken away: %s", rd_kafka_err2str(code));
}
