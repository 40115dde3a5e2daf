// Maps one ELF image of the payload into this process, as the kernel's binfmt_elf would do it.
#ifndef PULSEBOX_ELF_MAP_H
#define PULSEBOX_ELF_MAP_H

#include <stdint.h>

#include "payload.h"

struct elf_image {
  uintptr_t bias;  // what was added to the addresses in the file; 0 for a program at a fixed address
  uintptr_t entry; // where it starts, bias included
  uintptr_t program_headers; // where its program headers are in memory (AT_PHDR)
  uint16_t header_count;     // AT_PHNUM
};

/** Maps the segments of `part` from the file, without a copy. Refuses what is not a sane x86-64 ELF image. */
struct elf_image elf_map(const struct payload *payload, const struct part *part);

#endif
