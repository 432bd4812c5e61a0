#ifndef CSCAN_TEXT_H
#define CSCAN_TEXT_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* Byte tables and bit maps for the log-message scanner: SSE2 on x86-64, plain C elsewhere. No function here reads outside [begin, end). */
#if defined(__x86_64__)
#include <immintrin.h>
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

/* Bit maps of up to 64 bytes of text: bit i speaks of byte i. Bits behind the end of the text are 0. */
typedef struct {
  uint64_t triggers; /* cscan_is_trigger */
  uint64_t atoms;    /* bytes whose lane is not 0 */
  uint64_t digits;
  uint64_t dots;
  uint64_t colons;
  uint64_t names; /* blanks that a name may follow: behind `f`, `r` or `t`, before a capital; what the window does not show counts as fitting */
} cscan_window;

/* The map `names` from those of blanks, capitals and the three letters. */
static inline uint64_t cscan_names(uint64_t blanks, uint64_t capitals, uint64_t letters) {
  return blanks & (letters << 1 | 1) & (capitals >> 1 | 1ull << 63);
}

#if defined(__SSE2__)
static inline uint64_t cscan_bits(__m128i a, __m128i b, __m128i c, __m128i d) {
  const uint32_t low = (uint32_t)_mm_movemask_epi8(a) | (uint32_t)_mm_movemask_epi8(b) << 16;
  const uint32_t high = (uint32_t)_mm_movemask_epi8(c) | (uint32_t)_mm_movemask_epi8(d) << 16;
  return (uint64_t)high << 32 | low;
}

typedef struct {
  __m128i triggers, atoms, digits, dots, colons, blanks, capitals, cues;
} cscan_classes;

/* All bytes of x that lie in [first, first + span]. */
static inline __m128i cscan_in(__m128i x, char first, char span) {
  const __m128i low = _mm_sub_epi8(x, _mm_set1_epi8(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(low, _mm_set1_epi8(span)), low);
}

static inline cscan_classes cscan_classify16(__m128i v) {
  cscan_classes r;
  r.digits = cscan_in(v, '0', 9);
  r.dots = _mm_cmpeq_epi8(v, _mm_set1_epi8('.'));
  r.colons = _mm_cmpeq_epi8(v, _mm_set1_epi8(':'));
  const __m128i at = _mm_cmpeq_epi8(v, _mm_set1_epi8('@')), back = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
  const __m128i run = cscan_in(v, '-', ':' - '-'); /* - . / 0-9 : */
  __m128i atoms = _mm_or_si128(run, cscan_in(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 25));
  atoms = _mm_or_si128(atoms, _mm_or_si128(at, back));
  atoms = _mm_or_si128(atoms, _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8((char)0xfe)), _mm_set1_epi8('$'))); /* $ % */
  atoms = _mm_or_si128(atoms, _mm_cmpeq_epi8(v, _mm_set1_epi8('+')));
  atoms = _mm_or_si128(atoms, _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));
  r.atoms = _mm_or_si128(atoms, _mm_cmpeq_epi8(v, _mm_set1_epi8('~')));
  __m128i triggers = cscan_in(v, '/', ':' - '/'); /* / 0-9 : */
  triggers = _mm_or_si128(triggers, _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8((char)0xfe)), _mm_set1_epi8('<'))); /* < = */
  r.triggers = _mm_or_si128(triggers, _mm_or_si128(at, back));
  r.blanks = _mm_cmpeq_epi8(v, _mm_set1_epi8(' '));
  r.capitals = cscan_in(v, 'A', 25);
  r.cues = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('f')), _mm_cmpeq_epi8(v, _mm_set1_epi8('r'))),
                        _mm_cmpeq_epi8(v, _mm_set1_epi8('t')));
  return r;
}

static inline cscan_window cscan_window64(const uint8_t *p) {
  const cscan_classes a = cscan_classify16(_mm_loadu_si128((const __m128i *)p));
  const cscan_classes b = cscan_classify16(_mm_loadu_si128((const __m128i *)(p + 16)));
  const cscan_classes c = cscan_classify16(_mm_loadu_si128((const __m128i *)(p + 32)));
  const cscan_classes d = cscan_classify16(_mm_loadu_si128((const __m128i *)(p + 48)));
  cscan_window w;
  w.triggers = cscan_bits(a.triggers, b.triggers, c.triggers, d.triggers);
  w.atoms = cscan_bits(a.atoms, b.atoms, c.atoms, d.atoms);
  w.digits = cscan_bits(a.digits, b.digits, c.digits, d.digits);
  w.dots = cscan_bits(a.dots, b.dots, c.dots, d.dots);
  w.colons = cscan_bits(a.colons, b.colons, c.colons, d.colons);
  w.names = cscan_names(cscan_bits(a.blanks, b.blanks, c.blanks, d.blanks), cscan_bits(a.capitals, b.capitals, c.capitals, d.capitals),
                        cscan_bits(a.cues, b.cues, c.cues, d.cues));
  return w;
}
#else
static inline cscan_window cscan_window64(const uint8_t *p) {
  cscan_window w = {0, 0, 0, 0, 0, 0};
  uint64_t blanks = 0, capitals = 0, cues = 0;
  for (int i = 0; i < 64; i++) {
    const uint8_t c = p[i];
    const uint64_t bit = 1ull << i;
    if (cscan_is_trigger(c)) w.triggers |= bit;
    if (cscan_lanes[c]) w.atoms |= bit;
    if (cscan_lanes[c] == CSCAN_DIGIT) w.digits |= bit;
    if (c == '.') w.dots |= bit;
    if (c == ':') w.colons |= bit;
    if (c == ' ') blanks |= bit;
    if (c >= 'A' && c <= 'Z') capitals |= bit;
    if (c == 'f' || c == 'r' || c == 't') cues |= bit;
  }
  w.names = cscan_names(blanks, capitals, cues);
  return w;
}
#endif

#if defined(__x86_64__)
#define CSCAN_HAS_AVX512 1
/* The same in one register, for the machines that have it. Bytes behind `count` are not read: masked loads do not touch them. */
__attribute__((target("avx512f,avx512bw"), noinline)) static cscan_window cscan_window_avx512(const uint8_t *p, size_t count) {
  const __mmask64 there = count >= 64 ? ~0ull : (1ull << count) - 1;
  const __m512i v = _mm512_maskz_loadu_epi8(there, p);
  const __mmask64 colons = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(':'));
  const __mmask64 run = _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('-')), _mm512_set1_epi8(':' - '-'));
  const __mmask64 slashRun = _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('/')), _mm512_set1_epi8(':' - '/'));
  const __mmask64 slash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('/'));
  const __mmask64 letters =
      _mm512_cmple_epu8_mask(_mm512_sub_epi8(_mm512_or_si512(v, _mm512_set1_epi8(0x20)), _mm512_set1_epi8('a')), _mm512_set1_epi8(25));
  const __mmask64 at = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('@')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
  const __m512i even = _mm512_and_si512(v, _mm512_set1_epi8((char)0xfe));
  const __mmask64 glue = _mm512_cmpeq_epi8_mask(even, _mm512_set1_epi8('$')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('+')) |
                         _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('_')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('~'));
  cscan_window w;
  w.colons = colons;
  w.dots = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.'));
  w.digits = slashRun & ~(colons | slash);
  w.atoms = run | letters | at | glue;
  w.triggers = slashRun | at | _mm512_cmpeq_epi8_mask(even, _mm512_set1_epi8('<'));
  w.names = cscan_names(_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' ')),
                        _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('A')), _mm512_set1_epi8(25)),
                        _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('f')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('r')) |
                            _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('t')));
  return w;
}
#endif

/* `cscan_window_at` without anything that only some machines have. */
static inline cscan_window cscan_window_portable(const uint8_t *p, const uint8_t *begin, const uint8_t *end) {
  const size_t rest = (size_t)(end - p);
  if (rest >= 64) return cscan_window64(p);
  cscan_window w;
  if (end - begin >= 64) {
    /* The last 64 bytes of the text, shifted. */
    const int shift = (int)(64 - rest);
    w = cscan_window64(end - 64);
    w.triggers >>= shift;
    w.atoms >>= shift;
    w.digits >>= shift;
    w.dots >>= shift;
    w.colons >>= shift;
    w.names >>= shift;
    return w;
  }
  uint8_t copy[64] = {0};
  memcpy(copy, p, rest);
  return cscan_window64(copy);
}

/* The bit maps of the bytes from p on, at most 64 and none behind `end`. Reads only inside [begin, end); p < end. */
static inline cscan_window cscan_window_at(const uint8_t *p, const uint8_t *begin, const uint8_t *end) {
#if defined(CSCAN_HAS_AVX512)
  if (__builtin_cpu_supports("avx512bw")) return cscan_window_avx512(p, (size_t)(end - p));
#endif
  return cscan_window_portable(p, begin, end);
}

/* The last `count` (<= 16) bytes before `end` as two words, zero-padded in front. Reads only inside [begin, end). */
typedef struct {
  uint64_t first, second;
} cscan_pair;

static inline cscan_pair cscan_last16(const uint8_t *end, size_t count, const uint8_t *begin) {
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
    ['d' & 31] = CSCAN_AFTER('r') | CSCAN_AFTER('w'),                                       /* password, passwd, pwd */
    ['e' & 31] = CSCAN_AFTER('s') | CSCAN_AFTER('n') | CSCAN_AFTER('l') | CSCAN_AFTER('m') | CSCAN_AFTER('t') | CSCAN_AFTER('d') |
                 CSCAN_AFTER('e'),
    /* passphrase, phone, mobile, name, birthdate, passcode, employee, nurse */
    ['h' & 31] = CSCAN_AFTER('t'),                                                          /* dateofbirth */
    ['l' & 31] = CSCAN_AFTER('e') | CSCAN_AFTER('l') | CSCAN_AFTER('i'),                    /* tel, cell, mobil */
    ['m' & 31] = CSCAN_AFTER('u'),                                                          /* geburtsdatum */
    ['o' & 31] = CSCAN_AFTER('n'),                                                          /* telefono */
    ['n' & 31] = CSCAN_AFTER('i') | CSCAN_AFTER('e') | CSCAN_AFTER('d') | CSCAN_AFTER('s') | CSCAN_AFTER('o') | CSCAN_AFTER('a') |
                 CSCAN_AFTER('r'),
    /* pin, token, msisdn, ssn, authorization, iban, born, person, telefon */
    ['r' & 31] = CSCAN_AFTER('e') | CSCAN_AFTER('o'),                                       /* phonenumber, holder, doctor */
    ['s' & 31] = CSCAN_AFTER('s'),                                                          /* pass */
    ['t' & 31] = CSCAN_AFTER('e') | CSCAN_AFTER('n') | CSCAN_AFTER('s') | CSCAN_AFTER('r'), /* secret, patient, guest, kennwort */
    ['w' & 31] = CSCAN_AFTER('p'),                                                          /* pw */
    ['x' & 31] = CSCAN_AFTER('a'),                                                          /* fax */
    ['y' & 31] = CSCAN_AFTER('e') | CSCAN_AFTER('a') | CSCAN_AFTER('r'),                    /* apikey, birthday, beneficiary */
};

static inline int cscan_may_end_key(uint8_t before, uint8_t last) { return cscan_key_ends[last & 31] >> (before & 31) & 1; }
#endif
