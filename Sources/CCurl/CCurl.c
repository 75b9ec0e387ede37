#define CURL_DISABLE_TYPECHECK
#include "CCurl.h"

#include <dlfcn.h>

// libcurl with the ABI version that the header describes (https://curl.se/libcurl/abi.html).
static const char library[] = "libcurl.so.4";

static __typeof__(&curl_easy_init) easy_init;
static __typeof__(&curl_easy_cleanup) easy_cleanup;
static __typeof__(&curl_easy_reset) easy_reset;
static __typeof__(&curl_easy_perform) easy_perform;
static __typeof__(&curl_easy_strerror) easy_strerror;
static __typeof__(&curl_easy_setopt) easy_setopt;
static __typeof__(&curl_easy_getinfo) easy_getinfo;
static __typeof__(&curl_slist_append) slist_append;
static __typeof__(&curl_slist_free_all) slist_free_all;

bool ccurl_load(void) {
    static bool loaded;
    if (loaded) return true;
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (!handle) return false;
    easy_init = (__typeof__(easy_init))dlsym(handle, "curl_easy_init");
    easy_cleanup = (__typeof__(easy_cleanup))dlsym(handle, "curl_easy_cleanup");
    easy_reset = (__typeof__(easy_reset))dlsym(handle, "curl_easy_reset");
    easy_perform = (__typeof__(easy_perform))dlsym(handle, "curl_easy_perform");
    easy_strerror = (__typeof__(easy_strerror))dlsym(handle, "curl_easy_strerror");
    easy_setopt = (__typeof__(easy_setopt))dlsym(handle, "curl_easy_setopt");
    easy_getinfo = (__typeof__(easy_getinfo))dlsym(handle, "curl_easy_getinfo");
    slist_append = (__typeof__(slist_append))dlsym(handle, "curl_slist_append");
    slist_free_all = (__typeof__(slist_free_all))dlsym(handle, "curl_slist_free_all");
    loaded = easy_init && easy_cleanup && easy_reset && easy_perform && easy_strerror && easy_setopt
        && easy_getinfo && slist_append && slist_free_all;
    return loaded;
}

CURL *ccurl_init(void) { return easy_init(); }

void ccurl_cleanup(CURL *handle) { easy_cleanup(handle); }

void ccurl_reset(CURL *handle) { easy_reset(handle); }

CURLcode ccurl_perform(CURL *handle) { return easy_perform(handle); }

const char *ccurl_reason(CURLcode code) { return easy_strerror(code); }

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) { return easy_setopt(handle, option, value); }

CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return easy_setopt(handle, option, value);
}

CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) { return easy_setopt(handle, option, value); }

CURLcode ccurl_set_sink(CURL *handle, CURLoption option, ccurl_sink sink) { return easy_setopt(handle, option, sink); }

CURLcode ccurl_set_progress(CURL *handle, ccurl_progress progress) {
    CURLcode code = easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
    return code == CURLE_OK ? easy_setopt(handle, CURLOPT_NOPROGRESS, 0L) : code;
}

CURLcode ccurl_set_opening(CURL *handle, ccurl_opening opening, void *context) {
    CURLcode code = easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, opening);
    return code == CURLE_OK ? easy_setopt(handle, CURLOPT_SOCKOPTDATA, context) : code;
}

curl_socket_t ccurl_socket(CURL *handle) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    return easy_getinfo(handle, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK ? socket : CURL_SOCKET_BAD;
}

long ccurl_sent(CURL *handle) {
    long size = 0;
    return easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &size) == CURLE_OK ? size : 0;
}

CURLcode ccurl_set_body(CURL *handle, const void *bytes, size_t size) {
    CURLcode code = easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    return code == CURLE_OK ? easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, size ? bytes : "") : code;
}

CURLcode ccurl_set_source(CURL *handle, ccurl_source source, ccurl_seek seek, void *context, size_t size) {
    CURLcode code = easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    if (code == CURLE_OK) code = easy_setopt(handle, CURLOPT_READFUNCTION, source);
    if (code == CURLE_OK) code = easy_setopt(handle, CURLOPT_READDATA, context);
    if (code == CURLE_OK) code = easy_setopt(handle, CURLOPT_SEEKFUNCTION, seek);
    return code == CURLE_OK ? easy_setopt(handle, CURLOPT_SEEKDATA, context) : code;
}

struct curl_slist *ccurl_append(struct curl_slist *list, const char *line) { return slist_append(list, line); }

void ccurl_free(struct curl_slist *list) { slist_free_all(list); }
