#include "crc32c.h"
#include <string.h>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

/* table[0] is the CRC of one byte; table[n] that of the byte and n zeros behind it, so that eight bytes take eight lookups and no waiting. */
static uint32_t table[8][256];

static uint32_t portable(uint32_t crc, const uint8_t *p, size_t count) {
  for (; count >= 8; count -= 8, p += 8) {
    uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
    crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^ table[3][p[4]] ^
          table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
  }
  while (count--) crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t with_sse42(uint32_t crc, const uint8_t *p, size_t count) {
  uint64_t wide = crc;
  for (; count >= 8; count -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = (uint32_t)wide;
  while (count--) crc = _mm_crc32_u8(crc, *p++);
  return crc;
}
#endif

static uint32_t (*best)(uint32_t, const uint8_t *, size_t) = portable;

/* Before main, so that no thread can see it change. */
__attribute__((constructor)) static void prepare_crc32c(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82f63b78u & -(crc & 1));
    table[0][byte] = crc;
  }
  for (int zeros = 1; zeros < 8; zeros++)
    for (int byte = 0; byte < 256; byte++) table[zeros][byte] = table[zeros - 1][byte] >> 8 ^ table[0][table[zeros - 1][byte] & 0xff];
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) best = with_sse42;
#endif
}

uint32_t cscan_crc32c(uint32_t seed, const void *bytes, size_t count) { return ~best(~seed, bytes, count); }

uint32_t cscan_crc32c_portable(uint32_t seed, const void *bytes, size_t count) { return ~portable(~seed, bytes, count); }
