#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H
// The library's type checks are macros over constant options; here options are arguments.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// Swift cannot call variadic functions: one function per kind of argument.

static inline CURLcode sloscout_curl_number(CURL *curl, CURLoption option, long value) { return curl_easy_setopt(curl, option, value); }

static inline CURLcode sloscout_curl_size(CURL *curl, CURLoption option, curl_off_t value) { return curl_easy_setopt(curl, option, value); }

// The library keeps a copy of the text.
static inline CURLcode sloscout_curl_text(CURL *curl, CURLoption option, const char *value) { return curl_easy_setopt(curl, option, value); }

static inline CURLcode sloscout_curl_pointer(CURL *curl, CURLoption option, void *value) { return curl_easy_setopt(curl, option, value); }

static inline CURLcode sloscout_curl_data_function(CURL *curl, CURLoption option, size_t (*function)(char *, size_t, size_t, void *)) {
  return curl_easy_setopt(curl, option, function);
}

static inline CURLcode sloscout_curl_seek_function(CURL *curl, int (*function)(void *, curl_off_t, int)) {
  return curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, function);
}

static inline CURLcode sloscout_curl_number_info(CURL *curl, CURLINFO info, long *value) { return curl_easy_getinfo(curl, info, value); }

static inline CURLMcode sloscout_curl_multi_number(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

// The result of a finished transfer, which the library keeps in a union.
static inline CURLcode sloscout_curl_result(const CURLMsg *message) { return message->data.result; }

#endif
