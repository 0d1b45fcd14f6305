// libcurl, with typed faces for its variadic functions, which Swift cannot call.
#pragma once
#include <curl/curl.h>
#include <sys/socket.h>

static inline CURLcode bridge_curl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

/// libcurl copies the text; NULL takes an option back to nothing.
static inline CURLcode bridge_curl_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode bridge_curl_set_error_buffer(CURL *easy, char *buffer) {
  return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, buffer);
}

static inline CURLcode bridge_curl_set_share(CURL *easy, CURLSH *share) {
  return curl_easy_setopt(easy, CURLOPT_SHARE, share);
}

/// libcurl does not copy the list.
static inline CURLcode bridge_curl_set_addresses(CURL *easy, struct curl_slist *addresses) {
  return curl_easy_setopt(easy, CURLOPT_RESOLVE, addresses);
}

/// The number that `bridge_curl_number` gives back.
static inline CURLcode bridge_curl_set_number(CURL *easy, long number) {
  return curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)number);
}

static inline long bridge_curl_number(CURL *easy) {
  char *number = NULL;
  return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &number) == CURLE_OK ? (long)number : -1;
}

/// CURL_SOCKET_BAD when the connection is gone.
static inline curl_socket_t bridge_curl_active_socket(CURL *easy) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  return curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK ? socket : CURL_SOCKET_BAD;
}

static inline curl_socket_t bridge_curl_open_socket(
    void *ignored, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)ignored;
  (void)purpose;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Sockets that a child process does not inherit.
static inline CURLcode bridge_curl_set_private_sockets(CURL *easy) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, bridge_curl_open_socket);
}

static inline CURLMcode bridge_curl_multi_watch(
    CURLM *multi, curl_socket_callback on_socket, curl_multi_timer_callback on_timer, void *owner) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, owner);
  if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, owner);
  return code;
}

static inline CURLSHcode bridge_curl_share_sessions(CURLSH *share) {
  return curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

/// The next finished connect: 1 and its handle and result, or 0.
static inline int bridge_curl_next_finished(CURLM *multi, CURL **easy, CURLcode *result) {
  int left = 0;
  for (;;) {
    CURLMsg *message = curl_multi_info_read(multi, &left);
    if (message == NULL) return 0;
    if (message->msg != CURLMSG_DONE) continue;
    *easy = message->easy_handle;
    *result = message->data.result;
    return 1;
  }
}
