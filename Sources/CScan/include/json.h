#ifndef CSCAN_JSON_H
#define CSCAN_JSON_H
/* The parts of a JSON reader that want C: marks by SIMD, the grammar of strings and numbers, and a validating skip.

   A text is read in two steps. `cscan_json_mark` writes one bit per byte: set where a string could end or fault (a quote, a backslash, a
   control byte), and at `count` as a sentinel. Everything else then works on indexes into the text and never reads a byte at or after
   `count`, so only the first step cares whether the memory behind the text is readable.

   Functions that can fail answer with an index, or with ~index (negative) of the byte that is at fault. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Open arrays and objects allowed inside each other: one bit each in a uint64_t. */
#define CSCAN_JSON_DEPTH 64

typedef struct {
  const uint8_t *text;
  size_t count;
  const uint64_t *marks;
} cscan_json;

/* Words that the marks of a text take: one bit a byte and the sentinel, and a word more that may be read but means nothing. */
static inline size_t cscan_json_mark_words(size_t count) { return count / 64 + 2; }

/* Marks the text with the widest vectors that this processor has. With `padded`, up to 63 bytes after the text are read (and ignored). */
void cscan_json_mark(const uint8_t *text, size_t count, bool padded, uint64_t *marks);

/* The same with one implementation: 0 portable, 1 SSE2, 2 AVX2, 3 AVX-512. False when the processor does not have it. For tests. */
bool cscan_json_mark_with(int level, const uint8_t *text, size_t count, bool padded, uint64_t *marks);

/* Reads the value that begins at `i` (white space before it is allowed), inside of `depth` open arrays and objects.
   Answers with the index after it. */
ptrdiff_t cscan_json_skip(const cscan_json *json, size_t i, unsigned depth);

/* The rest of a string from a mark `i` that is not simply its end. Sets `escaped` when there is a backslash. Answers with the index of
   the closing quote. */
ptrdiff_t cscan_json_string_rest(const cscan_json *json, size_t i, bool *escaped);

/* Writes the string's characters, given what stands between its quotes (checked before); half of a surrogate pair alone becomes U+FFFD.
   Answers with the bytes written, at most `count`. */
size_t cscan_json_unescape(const uint8_t *text, size_t count, uint8_t *target);

/* The index after the number that begins at `i`. */
ptrdiff_t cscan_json_number(const cscan_json *json, size_t i);

/* The first byte at or after `i` that is not white space. */
static inline size_t cscan_json_space(const cscan_json *json, size_t i) {
  while (i < json->count) {
    uint8_t c = json->text[i];
    if (c > ' ' || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) break;
    i++;
  }
  return i;
}

/* The first mark at or after `i <= count`; `count` when there is none. */
static inline size_t cscan_json_next_mark(const uint64_t *marks, size_t i) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  /* 57 bits or more from `i` on in one load: most strings end within them, wherever they begin, so the branch is foreseen. */
  uint64_t near;
  memcpy(&near, (const uint8_t *)marks + (i >> 3), 8);
  near >>= i & 7;
  if (near) return i + (size_t)__builtin_ctzll(near);
#endif
  size_t word = i >> 6;
  uint64_t bits = marks[word] >> (i & 63);
  if (bits) return i + (size_t)__builtin_ctzll(bits);
  do bits = marks[++word];
  while (!bits);
  return (word << 6) + (size_t)__builtin_ctzll(bits);
}

/* The index of the quote that closes the string whose first byte is at `i`. Sets `escaped` when there is a backslash in it. */
static inline ptrdiff_t cscan_json_string(const cscan_json *json, size_t i, bool *escaped) {
  size_t end = cscan_json_next_mark(json->marks, i);
  if (end < json->count && json->text[end] == '"') return (ptrdiff_t)end;
  return cscan_json_string_rest(json, end, escaped);
}

/* Whether `count` bytes are equal; both sides are readable up to the next multiple of 16. */
static inline bool cscan_json_same(const uint8_t *a, const uint8_t *b, size_t count) {
#if defined(__SSE2__)
  while (count > 16) {
    __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)a), _mm_loadu_si128((const __m128i *)b));
    if (_mm_movemask_epi8(same) != 0xffff) return false;
    a += 16;
    b += 16;
    count -= 16;
  }
  __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)a), _mm_loadu_si128((const __m128i *)b));
  unsigned wanted = (1u << count) - 1;
  return ((unsigned)_mm_movemask_epi8(same) & wanted) == wanted;
#else
  return memcmp(a, b, count) == 0;
#endif
}

/* The value of eight ASCII digits, first digit in the lowest byte; -1 when one of them is not a digit. */
static inline int64_t cscan_json_eight_digits(const uint8_t *text) {
  uint64_t x;
  memcpy(&x, text, 8);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  uint64_t digits = x - 0x3030303030303030u;
  if (((x + 0x4646464646464646u) | digits) & 0x8080808080808080u) return -1;
  digits = digits * 10 + (digits >> 8);
  return (int64_t)((((digits & 0x000000ff000000ffu) * 0x000f424000000064u) + (((digits >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u)) >> 32);
}

/* Reads an integer of at most 18 digits that begins at `i`. Answers with the index after it, or with 0 when it is something else: longer,
   with a fraction or an exponent, or no number. */
static inline size_t cscan_json_small_int(const uint8_t *text, size_t count, size_t i, int64_t *value) {
  bool negative = i < count && text[i] == '-';
  if (negative) i++;
  size_t first = i;
  int64_t result = 0;
  while (i + 8 <= count && i < first + 16) {
    int64_t eight = cscan_json_eight_digits(text + i);
    if (eight < 0) break;
    result = result * 100000000 + eight;
    i += 8;
  }
  while (i < count && (uint8_t)(text[i] - '0') <= 9) {
    if (i == first + 18) return 0;
    result = result * 10 + (text[i] - '0');
    i++;
  }
  if (i == first || (text[first] == '0' && i > first + 1)) return 0;
  if (i < count && (text[i] == '.' || (text[i] | 0x20) == 'e')) return 0;
  *value = negative ? -result : result;
  return i;
}
#endif
