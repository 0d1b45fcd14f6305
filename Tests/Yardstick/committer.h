/* A thread of its own commits outcomes and offsets, a batch after the other. */
#pragma once

#include <pthread.h>
#include <sys/eventfd.h>

#include "state.h"

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
  bool is_due = batch->count >= OUTCOMES_THAT_START_BATCH || now_us - batch->oldest_us >= COMMIT_INTERVAL_US;
  if (!is_due && !is_stopping) return;
  batch->offsets = rd_kafka_topic_partition_list_new(16);
  for (int partition = 0; partition < PARTITIONS; partition++) {
    if (!windows[partition].is_dirty) continue;
    windows[partition].is_dirty = false;
    rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(batch->offsets, options.input, partition);
    entry->offset = windows[partition].committable;
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
