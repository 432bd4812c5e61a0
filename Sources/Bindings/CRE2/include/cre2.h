#ifndef CRE2_H
#define CRE2_H
#include <stdbool.h>
#include <stddef.h>
/* Regular expressions of RE2, which run in time linear in the text whatever the expression is. A compiled expression may be used by several
   threads at once. */
#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_expression cre2_expression;

/* Compiles an expression of `count` bytes. On failure NULL, and the reason, cut and NUL-terminated, in `error` of `capacity` bytes. */
cre2_expression *cre2_compile(const char *pattern, size_t count, char *error, size_t capacity);
void cre2_free(cre2_expression *expression);

/* The leftmost match in [from, count) of the text; what stands before `from` is looked at by \b and ^ only. */
bool cre2_find(const cre2_expression *expression, const char *text, size_t count, size_t from, size_t *start, size_t *end);

/* Whether the expression matches the whole text. */
bool cre2_matches(const cre2_expression *expression, const char *text, size_t count);

#ifdef __cplusplus
}
#endif
#endif
