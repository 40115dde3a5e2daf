// Becomes the payload's program without execve(2), so that /proc/self/exe stays the one file: maps program
// and ld.so, puts libraries and addons into memory files (memfd_create(2)), builds the initial stack of the
// System V ABI for x86-64 ("Process Initialization", auxiliary vector: getauxval(3)) and jumps to ld.so.
// ld.so finds the libraries through LD_PRELOAD=/proc/self/fd/N…; it enters the program through a trampoline
// here (AT_ENTRY), which takes LD_PRELOAD away again before the program can hand it to its children.
#include "exec.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "elf_map.h"
#include "payload.h"
#include "report.h"

// From <linux/memfd.h>: the C library's header may be older than the kernel.
enum { MEMFD_CLOEXEC = 1, MEMFD_EXEC = 0x10 };
// Descriptors of the launcher lie above those that the program's parent may have prepared for it.
enum { FIRST_FD = 200, LIST_SIZE = 2048 };

static char preload[LIST_SIZE] = "LD_PRELOAD=";
static char addons[LIST_SIZE] = "PULSEBOX_ADDONS=";

// Read by the trampoline.
__attribute__((used)) static uintptr_t program_entry;
static char **preload_slot;
static int fds_to_close[PART_COUNT_MAX + 1];
static unsigned fds_to_close_count;

static int move_up(int fd, const char *name) {
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
  if (moved < 0 && errno == EINVAL) // the limit of open files (RLIMIT_NOFILE) is lower
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (moved < 0)
    refuse_errno("cannot keep \"%s\" open", name);
  close(fd);
  return moved;
}

static int copy_to_memory(const struct payload *payload, const struct part *part) {
  // Kernels before 6.3 do not know MFD_EXEC; those with vm.memfd_noexec=1 need it.
  long fd = syscall(SYS_memfd_create, part->name, MEMFD_CLOEXEC | MEMFD_EXEC);
  if (fd < 0 && errno == EINVAL)
    fd = syscall(SYS_memfd_create, part->name, MEMFD_CLOEXEC);
  if (fd < 0)
    refuse_errno("cannot create a memory file for \"%s\"", part->name);
  off_t offset = (off_t)part->offset;
  for (uint64_t left = part->size; left > 0;) {
    ssize_t copied = sendfile((int)fd, payload->fd, &offset, left);
    if (copied <= 0)
      refuse_errno("cannot copy \"%s\" to memory", part->name);
    left -= (uint64_t)copied;
  }
  return move_up((int)fd, part->name);
}

__attribute__((format(printf, 2, 3))) static void append(char list[LIST_SIZE], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  size_t used = strlen(list);
  int length = vsnprintf(list + used, LIST_SIZE - used, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= LIST_SIZE - used)
    refuse("too many libraries or addons: their list exceeds %u characters", LIST_SIZE);
}

static void bring_in(const struct payload *payload, const struct part *part) {
  int fd = copy_to_memory(payload, part);
  if (part->type == PART_LIBRARY) {
    append(preload, "%s/proc/self/fd/%d", preload[sizeof "LD_PRELOAD=" - 1] == '\0' ? "" : ":", fd);
    fds_to_close[fds_to_close_count++] = fd;
  } else {
    append(addons, "%s%s=%d", addons[sizeof "PULSEBOX_ADDONS=" - 1] == '\0' ? "" : ",", part->name, fd);
  }
}

// No call into a library is safe here: ld.so has set up another C library's thread area. Hence bare system
// calls, and no stack protector, which would look for its canary there.
__attribute__((used, optimize("no-stack-protector"))) static void leave_no_trace(void) {
  *preload_slot = NULL;
  for (unsigned i = 0; i < fds_to_close_count; i++) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_close), "D"(fds_to_close[i])
                     : "rcx", "r11", "memory");
  }
}

// %rdx carries ld.so's exit handler to the program; with %rbp beside it the stack stays aligned to 16 bytes.
__asm__(".text\n"
        "trampoline:\n"
        "  push %rdx\n"
        "  push %rbp\n"
        "  call leave_no_trace\n"
        "  pop %rbp\n"
        "  pop %rdx\n"
        "  jmp *program_entry(%rip)\n");
extern const char trampoline[];

static size_t count_environment(char **envp) {
  size_t count = 0;
  while (envp[count] != NULL)
    count++;
  return count;
}

static uintptr_t *put_environment(uintptr_t *word, char **envp) {
  for (; *envp != NULL; envp++)
    if (strncmp(*envp, "LD_", 3) != 0 && strncmp(*envp, "PULSEBOX_ADDONS=", 16) != 0)
      *word++ = (uintptr_t)*envp;
  *word++ = (uintptr_t)addons;
  // Last, so that the trampoline can drop it by ending the list one entry earlier.
  preload_slot = (char **)word;
  *word++ = (uintptr_t)preload;
  *word++ = 0;
  return word;
}

static void put_auxiliary_vector(uintptr_t *word, const Elf64_auxv_t *entry, const struct elf_image *program,
                                 const struct elf_image *loader) {
  for (;; entry++) {
    uintptr_t value = entry->a_un.a_val;
    switch (entry->a_type) {
    case AT_PHDR:
      value = program->program_headers;
      break;
    case AT_PHNUM:
      value = program->header_count;
      break;
    case AT_BASE:
      value = loader->bias;
      break;
    case AT_ENTRY:
      value = (uintptr_t)trampoline;
      break;
    }
    *word++ = entry->a_type;
    *word++ = value;
    if (entry->a_type == AT_NULL)
      return;
  }
}

_Noreturn static void enter(const uintptr_t *stack, uintptr_t entry) {
  __asm__ volatile("mov %0, %%rsp\n xor %%edx, %%edx\n xor %%ebp, %%ebp\n jmp *%1"
                   :
                   : "r"(stack), "r"(entry)
                   : "memory");
  __builtin_unreachable();
}

_Noreturn void exec_program(int argc, char **argv, char **envp) {
  if (getauxval(AT_SECURE) != 0)
    refuse(
        "cannot run with set-user-ID, set-group-ID or file capabilities: ld.so would not take its libraries");
  static struct payload payload;
  payload_open(&payload);
  payload.fd = move_up(payload.fd, "/proc/self/exe");
  for (uint32_t i = 0; i < payload.count; i++) {
    const struct part *part = &payload.parts[i];
    // The program is nine tenths of the file: comparing it would double the time of every start on processors
    // without SHA instructions (0.4 s for 115 MB; 0.1 s with them). PID 1 does it once per boot,
    // --verify-payload on demand.
    if (part->type != PART_PROGRAM)
      payload_verify_part(&payload, part);
    if (part->type == PART_LIBRARY || part->type == PART_ADDON)
      bring_in(&payload, part);
  }
  struct elf_image program = elf_map(&payload, payload_part(&payload, PART_PROGRAM));
  struct elf_image loader = elf_map(&payload, payload_part(&payload, PART_LOADER));
  program_entry = program.entry;
  fds_to_close[fds_to_close_count++] = payload.fd;

  size_t arguments = (size_t)argc, variables = count_environment(envp);
  const Elf64_auxv_t *auxv = (const Elf64_auxv_t *)(envp + variables + 1);
  size_t aux_entries = 1;
  while (auxv[aux_entries - 1].a_type != AT_NULL)
    aux_entries++;
  size_t words = 1 + (arguments + 1) + (variables + 3) + 2 * aux_entries;
  uintptr_t *stack = __builtin_alloca_with_align(words * sizeof *stack, 128);
  uintptr_t *word = stack;
  *word++ = arguments;
  memcpy(word, argv, (arguments + 1) * sizeof *word);
  word = put_environment(word + arguments + 1, envp);
  put_auxiliary_vector(word, auxv, &program, &loader);
  enter(stack, loader.entry);
}
