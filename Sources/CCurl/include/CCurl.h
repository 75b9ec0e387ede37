#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>
#include <stdbool.h>

// The functions of libcurl that libctl needs. libcurl is loaded when it is first used: it depends on some thirty
// shared libraries, and loading them takes several times as long as the rest of `libctl --help` or of a usage error.
//
// curl_easy_setopt is variadic, and Swift cannot call variadic C functions, so there is one function for each type of
// value.

typedef size_t (*ccurl_sink)(const char *bytes, size_t size, size_t count, void *context);
typedef size_t (*ccurl_source)(char *buffer, size_t size, size_t count, void *context);
typedef int (*ccurl_seek)(void *context, curl_off_t offset, int origin);
typedef int (*ccurl_opening)(void *context, curl_socket_t socket, curlsocktype purpose);
typedef int (*ccurl_progress)(void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

/// Loads libcurl; returns false if it is not installed. Must be called before any other function.
bool ccurl_load(void);

CURL *ccurl_init(void);
void ccurl_cleanup(CURL *handle);
void ccurl_reset(CURL *handle);
CURLcode ccurl_perform(CURL *handle);
const char *ccurl_reason(CURLcode code);

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode ccurl_set_sink(CURL *handle, CURLoption option, ccurl_sink sink);
/// Sets a function that libcurl calls at least about once a second (CURLOPT_XFERINFOFUNCTION). A result other than 0
/// ends the exchange.
CURLcode ccurl_set_progress(CURL *handle, ccurl_progress progress);
/// Sets a function that libcurl calls before it connects a new socket (CURLOPT_SOCKOPTFUNCTION). The result
/// CURL_SOCKOPT_ERROR keeps it from doing so, and ends the exchange.
CURLcode ccurl_set_opening(CURL *handle, ccurl_opening opening, void *context);
/// The socket of the last exchange, if it is still connected; else CURL_SOCKET_BAD (CURLINFO_ACTIVESOCKET).
curl_socket_t ccurl_socket(CURL *handle);
/// How many bytes of the current exchange's request have been sent so far (CURLINFO_REQUEST_SIZE).
long ccurl_sent(CURL *handle);
/// Sets the body of the request. The bytes are copied (CURLOPT_COPYPOSTFIELDS).
CURLcode ccurl_set_body(CURL *handle, const void *bytes, size_t size);

/// Sets functions that read the body of the request while it is sent, and seek to its beginning if libcurl has to
/// send it again because a connection was lost (CURLOPT_READFUNCTION, CURLOPT_SEEKFUNCTION).
CURLcode ccurl_set_source(CURL *handle, ccurl_source source, ccurl_seek seek, void *context, size_t size);

struct curl_slist *ccurl_append(struct curl_slist *list, const char *line);
void ccurl_free(struct curl_slist *list);

#endif
