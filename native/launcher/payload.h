// The payload behind the launcher in the one file: parts, then an index, then a footer at the very end.
//
//   [launcher][part][part]…[index: count × struct part][struct footer]
//
// Parts begin on page boundaries, so that program segments are mapped straight from the file. All numbers are
// little-endian. image/binary/pack.ts writes this layout; the two descriptions must agree.
#ifndef PULSEBOX_PAYLOAD_H
#define PULSEBOX_PAYLOAD_H

#include <stdint.h>

#include "sha256.h"

enum { PAGE_SIZE = 4096, PART_COUNT_MAX = 64, PART_NAME_SIZE = 64, PAYLOAD_VERSION = 1 };

enum part_type {
  PART_LAUNCHER = 1, // this program itself, at offset 0
  PART_PROGRAM = 2,  // the dynamically linked program that runs
  PART_LOADER = 3,   // the C library's dynamic loader, ld.so
  PART_LIBRARY = 4,  // a shared library, preloaded in the order of the index
  PART_ADDON = 5,    // a shared object that the program opens later by name
};

struct part {
  char name[PART_NAME_SIZE]; // [a-z0-9._+-], terminated by NUL
  uint64_t offset;           // bytes from the start of the file
  uint64_t size;             // bytes
  uint8_t sha256[SHA256_SIZE];
  uint32_t type;
  uint32_t reserved[3];
};

struct footer {
  char magic[8];
  uint32_t version;
  uint32_t count;
  uint64_t index_offset;
  uint64_t reserved;
  uint8_t index_sha256[SHA256_SIZE];
};

struct payload {
  int fd;
  uint64_t file_size;
  uint32_t count;
  struct part parts[PART_COUNT_MAX];
};

/** Opens /proc/self/exe and reads the index. Refuses (see report.h) anything that is not whole and in bounds.
 */
void payload_open(struct payload *payload);

/** Compares one part with its SHA-256 and refuses when it differs. */
void payload_verify_part(const struct payload *payload, const struct part *part);

/** Compares every part of the file with its SHA-256 and refuses when one differs; returns the bytes compared.
 */
uint64_t payload_verify_self(void);

/** The only part of this type; the index was checked to have one. */
const struct part *payload_part(const struct payload *payload, enum part_type type);

#endif
