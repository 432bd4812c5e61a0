#ifndef CVECTORS_H
#define CVECTORS_H
#include <stddef.h>
#include <stdint.h>

/* Inner products of rows of `stride` floats, a multiple of 16: AVX-512, AVX2 or plain C, whichever the processor has. The three differ in the last
   bits of a result; on one machine equal rows give equal results, whichever function is asked. */

/* Of two rows. */
float cvectors_product(const float *a, const float *b, size_t stride);

/* Of a row with each of `count` rows that stand one behind the other. */
void cvectors_products(const float *row, const float *rows, size_t stride, size_t count, float *results);

/* Of a row with those of the rows at `base` that `numbers` names. Each is asked for from memory while the one before is multiplied. */
void cvectors_products_of(const float *row, const float *base, size_t stride, const int32_t *numbers, size_t count, float *results);

/* The same in plain C: what other machines run, and what tests compare with. */
float cvectors_product_portable(const float *a, const float *b, size_t stride);
#endif
