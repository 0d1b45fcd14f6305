/* What the program holds. */
#pragma once

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <time.h>

#include "event.h"

enum {
  EVENTS_IN_MEMORY = 12000,
  BYTES_IN_MEMORY = 64 << 20,
  RECORDS_PER_TAKE = 256,
  READY_PER_REQUEST = 2,
  LANE_BUCKETS = 1 << 14,
  READY_DESCRIPTORS = 256,
  ANSWER_BYTES = 4096,
  OUTCOMES_THAT_START_BATCH = 2000,
  PARTITIONS = 1024,
};
static const int64_t COMMIT_INTERVAL_US = 50 * 1000;
static const int64_t REQUEST_TIMEOUT_US = 8 * 1000 * 1000;
static const int64_t LONGEST_WAIT_US = 1000 * 1000;

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
  int64_t committable; /* Means something when is_dirty: it has moved since the last batch. */
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
