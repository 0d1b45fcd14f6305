/* The request of an event: head, form, signature. */
#pragma once

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "state.h"

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
  if (sscanf(options.url, "http://%63[0-9.]:%d%255s", host, &port, path) < 2) die("--url: http://ADDRESS:PORT/PATH");
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
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
                             OSSL_PARAM_construct_end()};
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
