#include "json.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* MARKS */

/* Exact in every byte, unlike the shorter trick that lets a borrow run into the next byte. */
static inline uint64_t zero_bytes(uint64_t x) {
  const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
  return ~(((x & low) + low) | x | low);
}

static inline uint64_t block_portable(const uint8_t *p) {
  uint64_t result = 0;
  for (unsigned k = 0; k < 8; k++) {
    uint64_t x;
    memcpy(&x, p + 8 * k, 8);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    uint64_t hit = zero_bytes(x ^ 0x2222222222222222u) | zero_bytes(x ^ 0x5c5c5c5c5c5c5c5cu) | zero_bytes(x & 0xe0e0e0e0e0e0e0e0u);
    /* The high bit of byte i goes to bit 56 + i. */
    result |= (((hit >> 7) * 0x0102040810204080u) >> 56) << (8 * k);
  }
  return result;
}

#if defined(__x86_64__)
static inline uint64_t block_sse2(const uint8_t *p) {
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), limit = _mm_set1_epi8(0x1f);
  uint64_t result = 0;
  for (unsigned k = 0; k < 4; k++) {
    __m128i v = _mm_loadu_si128((const __m128i *)(p + 16 * k));
    __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                               _mm_cmpeq_epi8(_mm_min_epu8(v, limit), v));
    result |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (16 * k);
  }
  return result;
}

__attribute__((target("avx2"))) static inline uint64_t block_avx2(const uint8_t *p) {
  const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'), limit = _mm256_set1_epi8(0x1f);
  uint64_t result = 0;
  for (unsigned k = 0; k < 2; k++) {
    __m256i v = _mm256_loadu_si256((const __m256i *)(p + 32 * k));
    __m256i hit = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, slash)),
                                  _mm256_cmpeq_epi8(_mm256_min_epu8(v, limit), v));
    result |= (uint64_t)(uint32_t)_mm256_movemask_epi8(hit) << (32 * k);
  }
  return result;
}

__attribute__((target("avx512f,avx512bw"))) static inline uint64_t block_avx512(const uint8_t *p) {
  __m512i v = _mm512_loadu_si512(p);
  return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'))
         | _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20));
}
#endif

/* Whole blocks from the text; the last, partial one from the text too when that may be read, else from a copy. */
#define MARK(NAME, BLOCK, TARGET)                                                                   \
  TARGET static void NAME(const uint8_t *text, size_t count, bool padded, uint64_t *marks) {        \
    size_t whole = count / 64, rest = count & 63;                                                   \
    for (size_t w = 0; w < whole; w++) marks[w] = BLOCK(text + 64 * w);                             \
    uint64_t last = 0;                                                                              \
    if (rest) {                                                                                     \
      if (padded) {                                                                                 \
        last = BLOCK(text + 64 * whole);                                                            \
      } else {                                                                                      \
        uint8_t copy[64] = {0};                                                                     \
        memcpy(copy, text + 64 * whole, rest);                                                      \
        last = BLOCK(copy);                                                                         \
      }                                                                                             \
      last &= ((uint64_t)1 << rest) - 1;                                                            \
    }                                                                                               \
    marks[whole] = last | (uint64_t)1 << rest;                                                      \
  }

MARK(mark_portable, block_portable, )
#if defined(__x86_64__)
MARK(mark_sse2, block_sse2, )
MARK(mark_avx2, block_avx2, __attribute__((target("avx2"))))
MARK(mark_avx512, block_avx512, __attribute__((target("avx512f,avx512bw"))))
#endif

typedef void (*mark_function)(const uint8_t *, size_t, bool, uint64_t *);

static mark_function mark_of(int level) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (level == 3) return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? mark_avx512 : NULL;
  if (level == 2) return __builtin_cpu_supports("avx2") ? mark_avx2 : NULL;
  if (level == 1) return mark_sse2;
#endif
  return level == 0 ? mark_portable : NULL;
}

static mark_function best_mark = mark_portable;

/* Before main, so that no thread can see it change. */
__attribute__((constructor)) static void choose_mark(void) {
  for (int level = 3; level >= 0; level--) {
    mark_function mark = mark_of(level);
    if (mark) {
      best_mark = mark;
      return;
    }
  }
}

void cscan_json_mark(const uint8_t *text, size_t count, bool padded, uint64_t *marks) { best_mark(text, count, padded, marks); }

bool cscan_json_mark_with(int level, const uint8_t *text, size_t count, bool padded, uint64_t *marks) {
  mark_function mark = mark_of(level);
  if (mark) mark(text, count, padded, marks);
  return mark != NULL;
}

/* STRINGS */

static inline int hex_digit(uint8_t c) {
  if ((uint8_t)(c - '0') <= 9) return c - '0';
  c |= 0x20;
  if ((uint8_t)(c - 'a') <= 5) return c - 'a' + 10;
  return -1;
}

ptrdiff_t cscan_json_string_rest(const cscan_json *json, size_t i, bool *escaped) {
  const uint8_t *text = json->text;
  size_t count = json->count;
  while (i < count) {
    uint8_t c = text[i];
    if (c == '"') return (ptrdiff_t)i;
    if (c != '\\') return ~(ptrdiff_t)i;
    *escaped = true;
    if (i + 1 >= count) return ~(ptrdiff_t)count;
    switch (text[i + 1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
      i += 2;
      break;
    case 'u':
      for (size_t k = i + 2; k < i + 6; k++) {
        if (k >= count) return ~(ptrdiff_t)count;
        if (hex_digit(text[k]) < 0) return ~(ptrdiff_t)k;
      }
      i += 6;
      break;
    default:
      return ~(ptrdiff_t)(i + 1);
    }
    i = cscan_json_next_mark(json->marks, i);
  }
  return ~(ptrdiff_t)count;
}

static inline uint32_t four_hex(const uint8_t *p) {
  return (uint32_t)(hex_digit(p[0]) << 12 | hex_digit(p[1]) << 8 | hex_digit(p[2]) << 4 | hex_digit(p[3]));
}

static inline size_t put_scalar(uint8_t *target, uint32_t c) {
  if (c < 0x80) {
    target[0] = (uint8_t)c;
    return 1;
  }
  if (c < 0x800) {
    target[0] = (uint8_t)(0xc0 | c >> 6);
    target[1] = (uint8_t)(0x80 | (c & 0x3f));
    return 2;
  }
  if (c < 0x10000) {
    target[0] = (uint8_t)(0xe0 | c >> 12);
    target[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    target[2] = (uint8_t)(0x80 | (c & 0x3f));
    return 3;
  }
  target[0] = (uint8_t)(0xf0 | c >> 18);
  target[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
  target[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
  target[3] = (uint8_t)(0x80 | (c & 0x3f));
  return 4;
}

size_t cscan_json_unescape(const uint8_t *text, size_t count, uint8_t *target) {
  const uint8_t *end = text + count;
  uint8_t *out = target;
  while (text < end) {
    const uint8_t *slash = memchr(text, '\\', (size_t)(end - text));
    size_t plain = (size_t)((slash ? slash : end) - text);
    memcpy(out, text, plain);
    out += plain;
    if (!slash) break;
    text = slash + 2;
    switch (slash[1]) {
    case 'b': *out++ = '\b'; break;
    case 'f': *out++ = '\f'; break;
    case 'n': *out++ = '\n'; break;
    case 'r': *out++ = '\r'; break;
    case 't': *out++ = '\t'; break;
    case 'u': {
      uint32_t c = four_hex(slash + 2);
      text = slash + 6;
      if (c >= 0xd800 && c < 0xe000) {
        uint32_t low = 0;
        if (c < 0xdc00 && end - text >= 6 && text[0] == '\\' && text[1] == 'u') low = four_hex(text + 2);
        if (low >= 0xdc00 && low < 0xe000) {
          c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
          text += 6;
        } else {
          c = 0xfffd;
        }
      }
      out += put_scalar(out, c);
      break;
    }
    default: *out++ = slash[1];
    }
  }
  return (size_t)(out - target);
}

/* NUMBERS AND VALUES */

ptrdiff_t cscan_json_number(const cscan_json *json, size_t i) {
  const uint8_t *text = json->text;
  size_t count = json->count;
#define DIGITS                                                                \
  if (i >= count || (uint8_t)(text[i] - '0') > 9) return ~(ptrdiff_t)i;       \
  while (i < count && (uint8_t)(text[i] - '0') <= 9) i++
  if (i < count && text[i] == '-') i++;
  if (i < count && text[i] == '0') {
    i++;
  } else {
    DIGITS;
  }
  if (i < count && text[i] == '.') {
    i++;
    DIGITS;
  }
  if (i < count && (text[i] | 0x20) == 'e') {
    i++;
    if (i < count && (text[i] == '+' || text[i] == '-')) i++;
    DIGITS;
  }
#undef DIGITS
  return (ptrdiff_t)i;
}

static ptrdiff_t literal(const cscan_json *json, size_t i, const char *word, size_t length) {
  for (size_t k = 0; k < length; k++) {
    if (i + k >= json->count || json->text[i + k] != (uint8_t)word[k]) return ~(ptrdiff_t)(i + k);
  }
  return (ptrdiff_t)(i + length);
}

ptrdiff_t cscan_json_skip(const cscan_json *json, size_t i, unsigned depth) {
  const uint8_t *text = json->text;
  const size_t count = json->count;
  const unsigned outer = depth;
  uint64_t objects = 0; /* Bit 0: whether the innermost open value is an object. */
  bool escaped;
  ptrdiff_t end;

value:
  i = cscan_json_space(json, i);
  if (i >= count) return ~(ptrdiff_t)count;
  switch (text[i]) {
  case '"':
    end = cscan_json_string(json, i + 1, &escaped);
    if (end < 0) return end;
    i = (size_t)end + 1;
    break;
  case '{':
    if (depth == CSCAN_JSON_DEPTH) return ~(ptrdiff_t)i;
    depth++;
    objects = objects << 1 | 1;
    i = cscan_json_space(json, i + 1);
    if (i < count && text[i] == '}') goto close;
    goto key;
  case '[':
    if (depth == CSCAN_JSON_DEPTH) return ~(ptrdiff_t)i;
    depth++;
    objects <<= 1;
    i = cscan_json_space(json, i + 1);
    if (i < count && text[i] == ']') goto close;
    goto value;
  case 't':
    end = literal(json, i, "true", 4);
    goto scalar;
  case 'f':
    end = literal(json, i, "false", 5);
    goto scalar;
  case 'n':
    end = literal(json, i, "null", 4);
    goto scalar;
  default:
    end = cscan_json_number(json, i);
  scalar:
    if (end < 0) return end;
    i = (size_t)end;
  }

after:
  if (depth == outer) return (ptrdiff_t)i;
  i = cscan_json_space(json, i);
  if (i >= count) return ~(ptrdiff_t)count;
  if (objects & 1) {
    if (text[i] == '}') goto close;
    if (text[i] != ',') return ~(ptrdiff_t)i;
    i = cscan_json_space(json, i + 1);
    goto key;
  }
  if (text[i] == ']') goto close;
  if (text[i] != ',') return ~(ptrdiff_t)i;
  i++;
  goto value;

close:
  i++;
  depth--;
  objects >>= 1;
  goto after;

key:
  if (i >= count) return ~(ptrdiff_t)count;
  if (text[i] != '"') return ~(ptrdiff_t)i;
  end = cscan_json_string(json, i + 1, &escaped);
  if (end < 0) return end;
  i = cscan_json_space(json, (size_t)end + 1);
  if (i >= count) return ~(ptrdiff_t)count;
  if (text[i] != ':') return ~(ptrdiff_t)i;
  i++;
  goto value;
}
