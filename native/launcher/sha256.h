// SHA-256 (FIPS 180-4) of a range in memory; the launcher needs no streaming.
#ifndef PULSEBOX_SHA256_H
#define PULSEBOX_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32 };

/** Writes the digest of `size` bytes at `data`. Uses the processor's SHA extensions where it has them. */
void sha256(const uint8_t *data, size_t size, uint8_t digest[SHA256_SIZE]);

#endif
