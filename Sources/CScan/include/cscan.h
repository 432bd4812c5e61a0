#ifndef CSCAN_H
#define CSCAN_H
#include <stdint.h>
#include <stddef.h>
#include "crc32c.h"
#include "json.h"
/* Header-only intrinsics: `static inline`, so they inline into the Swift that calls them.
   SSE2 on x86-64, NEON on arm64, and a portable fallback. All functions may read up to 16 bytes past `end`:
   callers pass memory from a MemoryBlock, which is followed by 64 readable bytes. */
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Asks for the cache line of `p`, which may be NULL or any other address: a hint never faults. */
static inline void cscan_prefetch(const void *p) { __builtin_prefetch(p); }

/* The first byte of [p, end) that is `a`, `b` or below 0x20; `end` if there is none. For the inside of a JSON string. */
static inline const uint8_t *cscan_find_string_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), limit = _mm_set1_epi8(0x1f);
  while (p < end) {
    __m128i v = _mm_loadu_si128((const __m128i *)p);
    __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                               _mm_cmpeq_epi8(_mm_min_epu8(v, limit), v));
    int mask = _mm_movemask_epi8(hit);
    if (mask) { p += __builtin_ctz(mask); return p < end ? p : end; }
    p += 16;
  }
  return end;
#else
  while (p < end && *p != '"' && *p != '\\' && *p > 0x1f) p++;
  return p;
#endif
}
#endif
