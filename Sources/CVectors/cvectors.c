#include "cvectors.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

float cvectors_product_portable(const float *a, const float *b, size_t stride) {
  float sums[16] = {0};
  for (size_t at = 0; at < stride; at += 16)
    for (size_t lane = 0; lane < 16; lane++) sums[lane] += a[at + lane] * b[at + lane];
  for (size_t half = 8; half > 0; half /= 2)
    for (size_t lane = 0; lane < half; lane++) sums[lane] += sums[lane + half];
  return sums[0];
}

#if defined(__x86_64__)
/* Four sums that do not wait for each other: a multiplication takes four cycles, and two begin in each. */
__attribute__((target("avx2,fma"))) static float product_avx2(const float *a, const float *b, size_t stride) {
  __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  size_t at = 0;
  for (; at + 32 <= stride; at += 32) {
    s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at), _mm256_loadu_ps(b + at), s0);
    s1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 8), _mm256_loadu_ps(b + at + 8), s1);
    s2 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 16), _mm256_loadu_ps(b + at + 16), s2);
    s3 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 24), _mm256_loadu_ps(b + at + 24), s3);
  }
  for (; at < stride; at += 16) {
    s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at), _mm256_loadu_ps(b + at), s0);
    s1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 8), _mm256_loadu_ps(b + at + 8), s1);
  }
  __m256 sum = _mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3));
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

__attribute__((target("avx512f"))) static float product_avx512(const float *a, const float *b, size_t stride) {
  __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  size_t at = 0;
  for (; at + 64 <= stride; at += 64) {
    s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at), _mm512_loadu_ps(b + at), s0);
    s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at + 16), _mm512_loadu_ps(b + at + 16), s1);
    s2 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at + 32), _mm512_loadu_ps(b + at + 32), s2);
    s3 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at + 48), _mm512_loadu_ps(b + at + 48), s3);
  }
  for (; at < stride; at += 16) s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at), _mm512_loadu_ps(b + at), s0);
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}
#endif

static float (*best)(const float *, const float *, size_t) = cvectors_product_portable;

/* Before main, so that no thread can see it change. */
__attribute__((constructor)) static void prepare_cvectors(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) best = product_avx2;
  if (__builtin_cpu_supports("avx512f")) best = product_avx512;
#endif
}

float cvectors_product(const float *a, const float *b, size_t stride) { return best(a, b, stride); }

/* Asks for all of a row: the processor's own guess begins late, with the third line, and rows are anywhere. */
static inline void prefetch(const float *row, size_t stride) {
  for (size_t at = 0; at < stride; at += 16) __builtin_prefetch(row + at);
}

void cvectors_products(const float *row, const float *rows, size_t stride, size_t count, float *results) {
  for (size_t index = 0; index < count; index++) results[index] = best(row, rows + index * stride, stride);
}

void cvectors_products_of(const float *row, const float *base, size_t stride, const int32_t *numbers, size_t count, float *results) {
  if (count > 0) prefetch(base + (size_t)numbers[0] * stride, stride);
  for (size_t index = 0; index < count; index++) {
    if (index + 1 < count) prefetch(base + (size_t)numbers[index + 1] * stride, stride);
    results[index] = best(row, base + (size_t)numbers[index] * stride, stride);
  }
}
