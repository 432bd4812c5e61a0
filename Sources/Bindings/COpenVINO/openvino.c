#include "copenvino.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From openvino/c/ov_common.h and ov_shape.h of 2024 to 2026. */
typedef int ov_status_e;
typedef struct {
  int64_t rank;
  int64_t *dims;
} ov_shape_t;
enum { ELEMENT_I64 = 10 };

typedef void *handle;
struct sloscout_ov {
  handle core, model, compiled, request, output;
  int64_t *zeros;
  size_t zero_count;
  const char *(*error_info)(ov_status_e);
  const char *(*last_message)(void);
  ov_status_e (*core_create)(handle *);
  void (*core_free)(handle);
  ov_status_e (*read_model)(handle, const char *, const char *, handle *);
  void (*model_free)(handle);
  ov_status_e (*compile)(handle, handle, const char *, size_t, handle *, ...);
  void (*compiled_free)(handle);
  ov_status_e (*create_request)(handle, handle *);
  void (*request_free)(handle);
  ov_status_e (*set_tensor)(handle, const char *, handle);
  ov_status_e (*infer)(handle);
  ov_status_e (*get_output)(handle, size_t, handle *);
  ov_status_e (*tensor_create)(int, ov_shape_t, void *, handle *);
  void (*tensor_free)(handle);
  ov_status_e (*tensor_data)(handle, void **);
  ov_status_e (*tensor_size)(handle, size_t *);
};

/* The library stays open for ever: it starts threads that outlive its handles. */
static void *symbol(void *library, const char *name, int *is_missing, char *error, size_t error_size) {
  void *found = dlsym(library, name);
  if (!found && !*is_missing) {
    *is_missing = 1;
    snprintf(error, error_size, "the library has no function %s: it is not OpenVINO 2024 or newer", name);
  }
  return found;
}

static int failed(const sloscout_ov *this, ov_status_e status, const char *what, char *error, size_t error_size) {
  if (status == 0) return 0;
  const char *message = this->last_message ? this->last_message() : NULL;
  if (!message || !*message) message = this->error_info(status);
  snprintf(error, error_size, "could not %s: %s", what, message ? message : "no reason is known");
  return 1;
}

sloscout_ov *sloscout_ov_open(const char *path, const char *model, int threads, char *error, size_t error_size) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *message = dlerror();
    snprintf(error, error_size, "%s", message ? message : "the library could not be opened");
    return NULL;
  }
  sloscout_ov *this = calloc(1, sizeof *this);
  if (!this) return NULL;
  int is_missing = 0;
#define LOAD(field, name) *(void **)&this->field = symbol(library, name, &is_missing, error, error_size)
  LOAD(error_info, "ov_get_error_info");
  LOAD(core_create, "ov_core_create");
  LOAD(core_free, "ov_core_free");
  LOAD(read_model, "ov_core_read_model");
  LOAD(model_free, "ov_model_free");
  LOAD(compile, "ov_core_compile_model");
  LOAD(compiled_free, "ov_compiled_model_free");
  LOAD(create_request, "ov_compiled_model_create_infer_request");
  LOAD(request_free, "ov_infer_request_free");
  LOAD(set_tensor, "ov_infer_request_set_tensor");
  LOAD(infer, "ov_infer_request_infer");
  LOAD(get_output, "ov_infer_request_get_output_tensor_by_index");
  LOAD(tensor_create, "ov_tensor_create_from_host_ptr");
  LOAD(tensor_free, "ov_tensor_free");
  LOAD(tensor_data, "ov_tensor_data");
  LOAD(tensor_size, "ov_tensor_get_size");
#undef LOAD
  if (is_missing) {
    free(this);
    return NULL;
  }
  *(void **)&this->last_message = dlsym(library, "ov_get_last_err_msg");
  char count[16];
  snprintf(count, sizeof count, "%d", threads);
  if (failed(this, this->core_create(&this->core), "start the library", error, error_size) ||
      failed(this, this->read_model(this->core, model, NULL, &this->model), "read the model", error, error_size) ||
      failed(this,
             this->compile(this->core, this->model, "CPU", 4, &this->compiled, "INFERENCE_NUM_THREADS", count, "PERFORMANCE_HINT", "LATENCY"),
             "compile the model", error, error_size) ||
      failed(this, this->create_request(this->compiled, &this->request), "use the model", error, error_size)) {
    sloscout_ov_close(this);
    return NULL;
  }
  return this;
}

void sloscout_ov_close(sloscout_ov *this) {
  if (this->output) this->tensor_free(this->output);
  if (this->request) this->request_free(this->request);
  if (this->compiled) this->compiled_free(this->compiled);
  if (this->model) this->model_free(this->model);
  if (this->core) this->core_free(this->core);
  free(this->zeros);
  free(this);
}

/* The tensor only refers to the bytes; the request keeps it until another takes its place, so the bytes must outlive the call. */
static int put(sloscout_ov *this, const char *name, const int64_t *values, size_t rows, size_t columns, char *error, size_t error_size) {
  int64_t dims[2] = {(int64_t)rows, (int64_t)columns};
  ov_shape_t shape = {2, dims};
  handle tensor = NULL;
  if (failed(this, this->tensor_create(ELEMENT_I64, shape, (void *)values, &tensor), "make a tensor", error, error_size)) return 0;
  int is_set = !failed(this, this->set_tensor(this->request, name, tensor), "set an input of the model", error, error_size);
  this->tensor_free(tensor);
  return is_set;
}

int sloscout_ov_infer(sloscout_ov *this, const int64_t *ids, const int64_t *mask, size_t rows, size_t columns, const float **output,
                      size_t *width, char *error, size_t error_size) {
  size_t count = rows * columns;
  if (count > this->zero_count) {
    int64_t *zeros = realloc(this->zeros, count * sizeof *zeros);
    if (!zeros) {
      snprintf(error, error_size, "no memory for a batch of %zu tokens", count);
      return 0;
    }
    memset(zeros, 0, count * sizeof *zeros);
    this->zeros = zeros;
    this->zero_count = count;
  }
  if (!put(this, "input_ids", ids, rows, columns, error, error_size) || !put(this, "attention_mask", mask, rows, columns, error, error_size) ||
      !put(this, "token_type_ids", this->zeros, rows, columns, error, error_size))
    return 0;
  if (failed(this, this->infer(this->request), "run the model", error, error_size)) return 0;
  if (this->output) this->tensor_free(this->output);
  this->output = NULL;
  void *data = NULL;
  size_t size = 0;
  if (failed(this, this->get_output(this->request, 0, &this->output), "read the model's output", error, error_size) ||
      failed(this, this->tensor_data(this->output, &data), "read the model's output", error, error_size) ||
      failed(this, this->tensor_size(this->output, &size), "read the model's output", error, error_size))
    return 0;
  if (size == 0 || size % count != 0) {
    snprintf(error, error_size, "the model's output has %zu numbers for %zu tokens", size, count);
    return 0;
  }
  *output = data;
  *width = size / count;
  return 1;
}
