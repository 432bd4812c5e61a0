#ifndef COPENVINO_H
#define COPENVINO_H
#include <stddef.h>
#include <stdint.h>
/* A text model under OpenVINO's C API. The library is opened at run time (dlopen), so that nothing of it is needed to build or to start
   a program; what is declared of it in openvino.c is its published C API (openvino/c, Apache-2.0). */

/* A compiled model and one request on it. One thread at a time. */
typedef struct sloscout_ov sloscout_ov;

/* Opens the library, compiles the model for the CPU with that many threads. NULL on failure: `error` then holds a sentence that ends with a
   zero byte. Blocks for about a second. */
sloscout_ov *sloscout_ov_open(const char *library, const char *model, int threads, char *error, size_t error_size);

void sloscout_ov_close(sloscout_ov *model);

/* Runs a batch of `rows` sequences of `columns` ids and masks, and hands out the model's first output: rows x columns x *width floats that
   stay until the next call. 0 on failure, with the sentence in `error`. */
int sloscout_ov_infer(sloscout_ov *model, const int64_t *ids, const int64_t *mask, size_t rows, size_t columns, const float **output,
                      size_t *width, char *error, size_t error_size);
#endif
