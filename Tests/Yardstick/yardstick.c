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

#include <signal.h>
#include <sys/random.h>

#include "committer.h"
#include "connections.h"

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
      /* More than the worker's, which are meant for a queue for each partition: here is one queue for all of them, and
       * each time that it has its fill reading pauses for a second. */
      {"queued.min.messages", "100000"}, {"queued.max.messages.kbytes", "16384"}, {"fetch.wait.max.ms", "100"},
      {"session.timeout.ms", "15000"}, {"heartbeat.interval.ms", "1000"}, {0}};
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
