/* Connections to the gateway: one request at a time on each. */
#pragma once

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "lanes.h"
#include "outcome.h"
#include "request.h"

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

static bool names(const uint8_t *line, const char *name) {
  return !strncasecmp((const char *)line, name, strlen(name));
}

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
  size_t room = ANSWER_BYTES - connection->have;
  ssize_t count = recv(connection->descriptor, connection->answer + connection->have, room, 0);
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
