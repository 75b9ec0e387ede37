#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one function for each kind of value.

typedef size_t (*ccurl_sink)(const char *bytes, size_t size, size_t count, void *context);

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode ccurl_set_sink(CURL *handle, CURLoption option, ccurl_sink sink);
CURLcode ccurl_set_body(CURL *handle, const void *bytes, size_t size);
long ccurl_status(CURL *handle);

#endif
