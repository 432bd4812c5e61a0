#include "cre2.h"

#include <algorithm>
#include <cstring>
#include <re2/re2.h>

struct cre2_expression {
  re2::RE2 re;
  cre2_expression(re2::StringPiece pattern, const re2::RE2::Options &options) : re(pattern, options) {}
};

extern "C" cre2_expression *cre2_compile(const char *pattern, size_t count, char *error, size_t capacity) {
  re2::RE2::Options options;
  options.set_log_errors(false); /* the pattern is nobody's business but the caller's */
  options.set_max_mem(8 << 20);
  auto *expression = new cre2_expression(re2::StringPiece(pattern, count), options);
  if (expression->re.ok()) return expression;
  if (capacity > 0) {
    const std::string &reason = expression->re.error();
    const size_t length = std::min(reason.size(), capacity - 1);
    std::memcpy(error, reason.data(), length);
    error[length] = 0;
  }
  delete expression;
  return nullptr;
}

extern "C" void cre2_free(cre2_expression *expression) { delete expression; }

extern "C" bool cre2_find(const cre2_expression *expression, const char *text, size_t count, size_t from, size_t *start, size_t *end) {
  re2::StringPiece match;
  if (!expression->re.Match(re2::StringPiece(text, count), from, count, re2::RE2::UNANCHORED, &match, 1)) return false;
  *start = match.data() - text;
  *end = *start + match.size();
  return true;
}

extern "C" bool cre2_matches(const cre2_expression *expression, const char *text, size_t count) {
  return expression->re.Match(re2::StringPiece(text, count), 0, count, re2::RE2::ANCHOR_BOTH, nullptr, 0);
}
