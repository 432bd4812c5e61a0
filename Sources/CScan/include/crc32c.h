#ifndef CSCAN_CRC32C_H
#define CSCAN_CRC32C_H
#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli, RFC 3720) of the bytes. `seed` is the CRC of what came before them, 0 at the start. */
uint32_t cscan_crc32c(uint32_t seed, const void *bytes, size_t count);

/* The same without special instructions: what other machines run, and what tests compare with. */
uint32_t cscan_crc32c_portable(uint32_t seed, const void *bytes, size_t count);
#endif
