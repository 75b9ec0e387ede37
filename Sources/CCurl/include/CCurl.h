#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>
#include <stdbool.h>

// libcurl, as far as it is needed, loaded when it is first used: it brings some thirty shared libraries, and loading them
// takes several times as long as everything else that `libctl --help` or a usage error does.
//
// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: there is one function for each kind of
// value.

typedef size_t (*ccurl_sink)(const char *bytes, size_t size, size_t count, void *context);
typedef size_t (*ccurl_source)(char *buffer, size_t size, size_t count, void *context);
typedef int (*ccurl_seek)(void *context, curl_off_t offset, int origin);
typedef int (*ccurl_progress)(void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

/// Loads libcurl; false if it is not there. To be called before anything else.
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
/// Has the function called at least about once a second (CURLOPT_XFERINFOFUNCTION); other than 0 ends the exchange.
CURLcode ccurl_set_progress(CURL *handle, ccurl_progress progress);
/// Copies the bytes, so they need not outlive the call.
CURLcode ccurl_set_body(CURL *handle, const void *bytes, size_t size);

/// Has the body read as it is sent, and once more from the beginning if the connection was lost (CURLOPT_READFUNCTION,
/// CURLOPT_SEEKFUNCTION).
CURLcode ccurl_set_source(CURL *handle, ccurl_source source, ccurl_seek seek, void *context, size_t size);

struct curl_slist *ccurl_append(struct curl_slist *list, const char *line);
void ccurl_free(struct curl_slist *list);

#endif
