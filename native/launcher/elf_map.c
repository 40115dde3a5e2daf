// Loads the segments of an x86-64 ELF image that lies inside the one file (System V ABI, "Program Loading";
// elf(5); the kernel's fs/binfmt_elf.c). Segments are private mappings of the file itself, so a program of a
// hundred megabytes costs no copy and its pages are shared between all processes.
#include "elf_map.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum { HEADER_COUNT_MAX = 64 };

static const uint64_t address_max = UINT64_C(1) << 47; // user space of x86-64 with four-level page tables

struct elf_file {
  const struct payload *payload;
  const struct part *part;
  Elf64_Ehdr header;
  Elf64_Phdr segments[HEADER_COUNT_MAX];
};

static uint64_t page_down(uint64_t value) {
  return value & ~(uint64_t)(PAGE_SIZE - 1);
}

static uint64_t page_up(uint64_t value) {
  return page_down(value + PAGE_SIZE - 1);
}

static void read_part(const struct elf_file *file, void *into, size_t size, uint64_t offset) {
  const struct part *part = file->part;
  if (offset > part->size || size > part->size - offset)
    refuse("\"%s\" is no usable ELF image: %zu bytes at byte %llu lie outside its %llu bytes", part->name,
           size, (unsigned long long)offset, (unsigned long long)part->size);
  if (pread(file->payload->fd, into, size, (off_t)(part->offset + offset)) != (ssize_t)size)
    refuse_errno("cannot read \"%s\"", part->name);
}

static void read_headers(struct elf_file *file) {
  Elf64_Ehdr *header = &file->header;
  const char *name = file->part->name;
  read_part(file, header, sizeof *header, 0);
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != EM_X86_64)
    refuse("\"%s\" is not an x86-64 ELF image", name);
  if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
    refuse("\"%s\" is no usable ELF image: type %u is neither program nor shared object", name,
           header->e_type);
  if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 || header->e_phnum > HEADER_COUNT_MAX)
    refuse("\"%s\" is no usable ELF image: %u program headers of %u bytes, allowed are 1 to %u of %zu", name,
           header->e_phnum, header->e_phentsize, HEADER_COUNT_MAX, sizeof(Elf64_Phdr));
  read_part(file, file->segments, header->e_phnum * sizeof(Elf64_Phdr), header->e_phoff);
}

static void check_segment(const struct elf_file *file, const Elf64_Phdr *segment, unsigned number,
                          uint64_t lowest) {
  const char *problem = NULL;
  if (segment->p_offset > file->part->size || segment->p_filesz > file->part->size - segment->p_offset)
    problem = "reaches outside the file";
  else if (segment->p_vaddr > address_max || segment->p_memsz > address_max - segment->p_vaddr)
    problem = "reaches outside user space";
  else if (segment->p_filesz > segment->p_memsz || segment->p_memsz == 0)
    problem = "is larger in the file than in memory, or empty";
  else if ((segment->p_vaddr - segment->p_offset) % PAGE_SIZE != 0)
    problem = "is not aligned to pages as in the file";
  else if (segment->p_memsz > segment->p_filesz && (segment->p_flags & PF_W) == 0)
    problem = "has zeroed memory but is read-only";
  else if (page_down(segment->p_vaddr) < lowest)
    problem = "overlaps the segment before it";
  if (problem != NULL)
    refuse("\"%s\" is no usable ELF image: segment %u %s", file->part->name, number, problem);
}

struct span {
  uint64_t low, high;
};

static struct span check_segments(const struct elf_file *file) {
  struct span span = {0, 0};
  for (unsigned i = 0; i < file->header.e_phnum; i++) {
    const Elf64_Phdr *segment = &file->segments[i];
    if (segment->p_type != PT_LOAD)
      continue;
    check_segment(file, segment, i, span.high);
    if (span.high == 0)
      span.low = page_down(segment->p_vaddr);
    span.high = page_up(segment->p_vaddr + segment->p_memsz);
  }
  if (span.high == 0)
    refuse("\"%s\" is no usable ELF image: it has nothing to load", file->part->name);
  return span;
}

/** Reserves the whole span first, so that the segments keep their distance; returns the bias. */
static uintptr_t reserve(const struct elf_file *file, struct span span) {
  bool fixed = file->header.e_type == ET_EXEC;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (fixed ? MAP_FIXED_NOREPLACE : 0);
  void *wanted = fixed ? (void *)span.low : NULL;
  void *got = mmap(wanted, span.high - span.low, PROT_NONE, flags, -1, 0);
  if (got == MAP_FAILED || (fixed && got != wanted))
    refuse_errno("cannot reserve %llu bytes of memory at %p for \"%s\"",
                 (unsigned long long)(span.high - span.low), wanted, file->part->name);
  return (uintptr_t)got - span.low;
}

static void map_segment(const struct elf_file *file, const Elf64_Phdr *segment, uintptr_t bias) {
  int protection = ((segment->p_flags & PF_R) != 0 ? PROT_READ : 0) |
                   ((segment->p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                   ((segment->p_flags & PF_X) != 0 ? PROT_EXEC : 0);
  uintptr_t start = bias + page_down(segment->p_vaddr);
  uintptr_t file_end = bias + segment->p_vaddr + segment->p_filesz, file_pages_end = page_up(file_end);
  uintptr_t end = page_up(bias + segment->p_vaddr + segment->p_memsz);
  if (segment->p_filesz == 0)
    file_end = file_pages_end = start;
  off_t offset = (off_t)(file->part->offset + page_down(segment->p_offset));
  if (segment->p_filesz > 0 && mmap((void *)start, file_pages_end - start, protection,
                                    MAP_PRIVATE | MAP_FIXED, file->payload->fd, offset) == MAP_FAILED)
    refuse_errno("cannot map a segment of \"%s\"", file->part->name);
  if (segment->p_memsz > segment->p_filesz && file_end < file_pages_end)
    memset((void *)file_end, 0, file_pages_end - file_end);
  if (end > file_pages_end && mmap((void *)file_pages_end, end - file_pages_end, protection,
                                   MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
    refuse_errno("cannot map zeroed memory of \"%s\"", file->part->name);
}

static bool holds(const Elf64_Phdr *segment, uint64_t file_offset, uint64_t size) {
  return segment->p_type == PT_LOAD && file_offset >= segment->p_offset && size <= segment->p_filesz &&
         file_offset - segment->p_offset <= segment->p_filesz - size;
}

static struct elf_image describe(const struct elf_file *file, uintptr_t bias) {
  const Elf64_Ehdr *header = &file->header;
  struct elf_image image = {.bias = bias, .entry = bias + header->e_entry, .header_count = header->e_phnum};
  bool enters_code = false;
  for (unsigned i = 0; i < header->e_phnum; i++) {
    const Elf64_Phdr *segment = &file->segments[i];
    if (segment->p_type != PT_LOAD)
      continue;
    if (holds(segment, header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr)))
      image.program_headers = bias + segment->p_vaddr + (header->e_phoff - segment->p_offset);
    if ((segment->p_flags & PF_X) != 0 && header->e_entry >= segment->p_vaddr &&
        header->e_entry - segment->p_vaddr < segment->p_filesz)
      enters_code = true;
  }
  if (image.program_headers == 0 || !enters_code)
    refuse("\"%s\" is no usable ELF image: %s lies outside what is loaded", file->part->name,
           enters_code ? "its header table" : "its entry point");
  return image;
}

struct elf_image elf_map(const struct payload *payload, const struct part *part) {
  static struct elf_file file;
  file.payload = payload;
  file.part = part;
  read_headers(&file);
  struct span span = check_segments(&file);
  uintptr_t bias = reserve(&file, span);
  for (unsigned i = 0; i < file.header.e_phnum; i++)
    if (file.segments[i].p_type == PT_LOAD)
      map_segment(&file, &file.segments[i], bias);
  return describe(&file, bias);
}
