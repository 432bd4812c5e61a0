#ifndef CSCAN_TEXT_H
#define CSCAN_TEXT_H
#include <stddef.h>
#include <stdint.h>
/* Byte tables and the bit-map kernel of the log-message scanner. No function here reads outside [begin, end). */
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* What a byte counts as inside an unbroken run ("atom") of a log message: one lane of eight bits for each class, so that adding up the
   lanes of an atom's bytes counts all classes at once. 0 = the byte ends an atom; so does every byte of a multi-byte character, because
   text without blanks (Chinese, Japanese) would otherwise be one atom. Atoms longer than 255 bytes overflow: the caller cuts. */
#define CSCAN_DIGIT (1ull)
#define CSCAN_HEX (1ull << 8)     /* a-f, A-F */
#define CSCAN_LETTER (1ull << 16) /* every other ASCII letter */
#define CSCAN_DOT (1ull << 24)
#define CSCAN_DASH (1ull << 32)
#define CSCAN_COLON (1ull << 40)
#define CSCAN_SLASH (1ull << 48) /* both slashes */
#define CSCAN_GLUE (1ull << 56)  /* _ ~ @ % + $ */

static const uint64_t cscan_lanes[256] = {
    ['0' ... '9'] = CSCAN_DIGIT,
    ['a' ... 'f'] = CSCAN_HEX,
    ['A' ... 'F'] = CSCAN_HEX,
    ['g' ... 'z'] = CSCAN_LETTER,
    ['G' ... 'Z'] = CSCAN_LETTER,
    ['.'] = CSCAN_DOT,
    ['-'] = CSCAN_DASH,
    [':'] = CSCAN_COLON,
    ['/'] = CSCAN_SLASH,
    ['\\'] = CSCAN_SLASH,
    ['_'] = CSCAN_GLUE,
    ['~'] = CSCAN_GLUE,
    ['@'] = CSCAN_GLUE,
    ['%'] = CSCAN_GLUE,
    ['+'] = CSCAN_GLUE,
    ['$'] = CSCAN_GLUE,
};

static inline uint64_t cscan_lane(uint8_t byte) { return cscan_lanes[byte]; }

/* Membership of a byte in the sets that recognisers walk over. */
#define CSCAN_IS_DIGIT 1
#define CSCAN_IS_HEX 2      /* 0-9 a-f A-F */
#define CSCAN_IS_ALPHA 4    /* ASCII letters */
#define CSCAN_IS_BASE64 8   /* letters, digits, + / - _ */
#define CSCAN_IS_LOCAL 16   /* the local part of an e-mail address */
#define CSCAN_IS_SPACE 32   /* blank, tab, line ends */
#define CSCAN_IS_URL 64     /* what a URL or a path may hold, quotes and closing brackets apart */
#define CSCAN_IS_KEY 128    /* a key: letters, digits, _ - . */

static const uint8_t cscan_sets[256] = {
    [9] = CSCAN_IS_SPACE,
    [10] = CSCAN_IS_SPACE,
    [11] = CSCAN_IS_SPACE,
    [12] = CSCAN_IS_SPACE,
    [13] = CSCAN_IS_SPACE,
    [' '] = CSCAN_IS_SPACE,
    ['!'] = CSCAN_IS_URL,
    ['#'] = CSCAN_IS_URL,
    ['$'] = CSCAN_IS_URL,
    ['%'] = CSCAN_IS_URL | CSCAN_IS_LOCAL,
    ['&'] = CSCAN_IS_URL,
    ['*'] = CSCAN_IS_URL,
    ['+'] = CSCAN_IS_URL | CSCAN_IS_LOCAL | CSCAN_IS_BASE64,
    ['-'] = CSCAN_IS_URL | CSCAN_IS_LOCAL | CSCAN_IS_BASE64 | CSCAN_IS_KEY,
    ['.'] = CSCAN_IS_URL | CSCAN_IS_LOCAL | CSCAN_IS_KEY,
    ['/'] = CSCAN_IS_URL | CSCAN_IS_BASE64,
    [':'] = CSCAN_IS_URL,
    ['0' ... '9'] = CSCAN_IS_DIGIT | CSCAN_IS_HEX | CSCAN_IS_BASE64 | CSCAN_IS_LOCAL | CSCAN_IS_URL | CSCAN_IS_KEY,
    ['='] = CSCAN_IS_URL,
    ['?'] = CSCAN_IS_URL,
    ['@'] = CSCAN_IS_URL,
    ['A' ... 'F'] = CSCAN_IS_HEX | CSCAN_IS_ALPHA | CSCAN_IS_BASE64 | CSCAN_IS_LOCAL | CSCAN_IS_URL | CSCAN_IS_KEY,
    ['G' ... 'Z'] = CSCAN_IS_ALPHA | CSCAN_IS_BASE64 | CSCAN_IS_LOCAL | CSCAN_IS_URL | CSCAN_IS_KEY,
    ['\\'] = CSCAN_IS_URL,
    ['^'] = CSCAN_IS_URL,
    ['_'] = CSCAN_IS_URL | CSCAN_IS_LOCAL | CSCAN_IS_BASE64 | CSCAN_IS_KEY,
    ['a' ... 'f'] = CSCAN_IS_HEX | CSCAN_IS_ALPHA | CSCAN_IS_BASE64 | CSCAN_IS_LOCAL | CSCAN_IS_URL | CSCAN_IS_KEY,
    ['g' ... 'z'] = CSCAN_IS_ALPHA | CSCAN_IS_BASE64 | CSCAN_IS_LOCAL | CSCAN_IS_URL | CSCAN_IS_KEY,
    ['~'] = CSCAN_IS_URL,
    [0x80 ... 0xff] = CSCAN_IS_URL,
};

static inline uint8_t cscan_set(uint8_t byte) { return cscan_sets[byte]; }

/* A byte that a token can be recognised by: 0-9 / : < = @ \ */
static inline int cscan_is_trigger(uint8_t c) {
  return (uint8_t)(c - 0x2f) <= 0x0b || (c & 0xfe) == 0x3c || c == '@' || c == '\\';
}

#if defined(__SSE2__)
static inline uint64_t cscan_triggers16(const uint8_t *p) {
  const __m128i v = _mm_loadu_si128((const __m128i *)p);
  const __m128i low = _mm_sub_epi8(v, _mm_set1_epi8(0x2f));
  __m128i hit = _mm_cmpeq_epi8(_mm_min_epu8(low, _mm_set1_epi8(0x0b)), low);
  hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8((char)0xfe)), _mm_set1_epi8(0x3c)));
  hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('@')));
  hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
  return (uint32_t)_mm_movemask_epi8(hit);
}
#elif defined(__ARM_NEON) && defined(__aarch64__)
static inline uint64_t cscan_triggers16(const uint8_t *p) {
  const uint8x16_t v = vld1q_u8(p);
  uint8x16_t hit = vcleq_u8(vsubq_u8(v, vdupq_n_u8(0x2f)), vdupq_n_u8(0x0b));
  hit = vorrq_u8(hit, vceqq_u8(vandq_u8(v, vdupq_n_u8(0xfe)), vdupq_n_u8(0x3c)));
  hit = vorrq_u8(hit, vceqq_u8(v, vdupq_n_u8('@')));
  hit = vorrq_u8(hit, vceqq_u8(v, vdupq_n_u8('\\')));
  static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t bits = vandq_u8(hit, vld1q_u8(weights));
  return (uint64_t)vaddv_u8(vget_low_u8(bits)) | (uint64_t)vaddv_u8(vget_high_u8(bits)) << 8;
}
#else
static inline uint64_t cscan_triggers16(const uint8_t *p) {
  uint64_t mask = 0;
  for (int i = 0; i < 16; i++) mask |= (uint64_t)cscan_is_trigger(p[i]) << i;
  return mask;
}
#endif

/* Bit i of the answer says whether p[i] is a trigger, for the first min(64, end - p) bytes. Reads only inside [begin, end). */
static inline uint64_t cscan_triggers(const uint8_t *p, const uint8_t *begin, const uint8_t *end) {
  if (end - p >= 64)
    return cscan_triggers16(p) | cscan_triggers16(p + 16) << 16 | cscan_triggers16(p + 32) << 32 | cscan_triggers16(p + 48) << 48;
  uint64_t mask = 0;
  int shift = 0;
  while (end - p >= 16) {
    mask |= cscan_triggers16(p) << shift;
    p += 16;
    shift += 16;
  }
  const int rest = (int)(end - p);
  if (rest == 0) return mask;
  /* The last bytes by a load that ends with them, when the text is long enough for one. */
  if (end - begin >= 16) return mask | (cscan_triggers16(end - 16) >> (16 - rest)) << shift;
  for (int i = 0; i < rest; i++) mask |= (uint64_t)cscan_is_trigger(p[i]) << (shift + i);
  return mask;
}

/* The last `count` (<= 16) bytes before `end` as two words, zero-padded in front. Reads only inside [begin, limit). */
typedef struct {
  uint64_t first, second;
} cscan_pair;

static inline cscan_pair cscan_last16(const uint8_t *end, size_t count, const uint8_t *begin, const uint8_t *limit) {
  cscan_pair pair;
#if defined(__SSE2__)
  static const uint8_t masks[32] = {0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  if (end - begin >= 16) {
    const __m128i v = _mm_and_si128(_mm_loadu_si128((const __m128i *)(end - 16)), _mm_loadu_si128((const __m128i *)(masks + count)));
    pair.first = (uint64_t)_mm_cvtsi128_si64(v);
    pair.second = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(v, v));
    return pair;
  }
#endif
  (void)begin;
  (void)limit;
  uint8_t bytes[16] = {0};
  for (size_t i = 0; i < count; i++) bytes[16 - count + i] = end[(ptrdiff_t)i - (ptrdiff_t)count];
  pair.first = pair.second = 0;
  for (int i = 0; i < 8; i++) {
    pair.first |= (uint64_t)bytes[i] << (8 * i);
    pair.second |= (uint64_t)bytes[8 + i] << (8 * i);
  }
  return pair;
}

/* Whether a key of personal data or of a secret may end with these two bytes (case does not count): a filter before the key is read. */
#define CSCAN_AFTER(c) (1u << ((c) & 31))
static const uint32_t cscan_key_ends[32] = {
    ['b' & 31] = CSCAN_AFTER('o'),                                                          /* dob */
    ['d' & 31] = CSCAN_AFTER('r') | CSCAN_AFTER('w'),                                       /* password, passwd, pwd, card */
    ['e' & 31] = CSCAN_AFTER('s') | CSCAN_AFTER('n') | CSCAN_AFTER('l') | CSCAN_AFTER('m') | CSCAN_AFTER('t'),
    /* passphrase, phone, mobile, name, birthdate */
    ['h' & 31] = CSCAN_AFTER('t'),                                                          /* dateofbirth */
    ['l' & 31] = CSCAN_AFTER('e') | CSCAN_AFTER('l'),                                       /* tel, cell */
    ['n' & 31] = CSCAN_AFTER('i') | CSCAN_AFTER('e') | CSCAN_AFTER('d') | CSCAN_AFTER('s') | CSCAN_AFTER('o') | CSCAN_AFTER('a'),
    /* pin, token, msisdn, ssn, authorization, iban */
    ['r' & 31] = CSCAN_AFTER('e'),                                                          /* phonenumber, cardholder */
    ['t' & 31] = CSCAN_AFTER('e') | CSCAN_AFTER('n'),                                       /* secret, patient */
    ['x' & 31] = CSCAN_AFTER('a'),                                                          /* fax */
    ['y' & 31] = CSCAN_AFTER('e') | CSCAN_AFTER('a'),                                       /* apikey, birthday */
};

static inline int cscan_may_end_key(uint8_t before, uint8_t last) { return cscan_key_ends[last & 31] >> (before & 31) & 1; }
#endif
