// Finds and checks the payload in /proc/self/exe. The file may have been cut short or damaged on its way (a
// worn stick, a broken download): every number is compared with its bounds before it is used, in an order
// that cannot overflow, and every error names the part and the value.
#include "payload.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

static const char footer_magic[8] = {'P', 'U', 'L', 'S', 'E', 'B', 'O', 'X'};

_Static_assert(sizeof(struct part) == 128, "pack.ts writes index entries of 128 bytes");
_Static_assert(sizeof(struct footer) == 64, "pack.ts writes a footer of 64 bytes");

static void read_exactly(const struct payload *payload, void *into, size_t size, uint64_t offset,
                         const char *what) {
  ssize_t got = pread(payload->fd, into, size, (off_t)offset);
  if (got < 0)
    refuse_errno("cannot read the %s at byte %llu of /proc/self/exe", what, (unsigned long long)offset);
  if ((size_t)got != size)
    refuse("the %s at byte %llu is cut short: %zd of %zu bytes", what, (unsigned long long)offset, got, size);
}

static struct footer read_footer(const struct payload *payload) {
  struct footer footer;
  if (payload->file_size < sizeof footer)
    refuse("no payload: the file has only %llu bytes", (unsigned long long)payload->file_size);
  read_exactly(payload, &footer, sizeof footer, payload->file_size - sizeof footer, "footer");
  if (memcmp(footer.magic, footer_magic, sizeof footer_magic) != 0)
    refuse("no payload: the file does not end with a pulsebox footer; it is cut short or was never packed");
  if (footer.version != PAYLOAD_VERSION || footer.reserved != 0)
    refuse("payload footer: layout version %u, this launcher knows %u", footer.version, PAYLOAD_VERSION);
  if (footer.count < 3 || footer.count > PART_COUNT_MAX)
    refuse("payload footer: %u parts, allowed are 3 to %u", footer.count, PART_COUNT_MAX);
  uint64_t index_end = payload->file_size - sizeof footer, index_size = footer.count * sizeof(struct part);
  if (index_size > index_end || footer.index_offset != index_end - index_size)
    refuse("payload footer: an index of %u parts at byte %llu does not end at the footer (byte %llu)",
           footer.count, (unsigned long long)footer.index_offset, (unsigned long long)index_end);
  return footer;
}

static void check_name(const struct part *part, uint32_t number) {
  size_t length = strnlen(part->name, sizeof part->name);
  if (length == 0 || length == sizeof part->name)
    refuse("payload part %u: its name is %s", number, length == 0 ? "empty" : "not terminated");
  if (strspn(part->name, "abcdefghijklmnopqrstuvwxyz0123456789._+-") != length)
    refuse("payload part %u: its name has characters other than a-z 0-9 . _ + -", number);
}

static void check_range(const struct part *part, uint64_t from, uint64_t until) {
  unsigned long long offset = part->offset, size = part->size;
  if (offset % PAGE_SIZE != 0)
    refuse("payload part \"%s\": byte %llu is not the start of a page", part->name, offset);
  if (offset < from)
    refuse("payload part \"%s\": byte %llu lies in the part before it", part->name, offset);
  if (size == 0 || offset > until || size > until - offset)
    refuse("payload part \"%s\": %llu bytes at byte %llu do not end before the index (byte %llu)", part->name,
           size, offset, (unsigned long long)until);
}

static void check_types(const struct payload *payload) {
  unsigned seen[PART_ADDON + 1] = {0};
  for (uint32_t i = 0; i < payload->count; i++) {
    const struct part *part = &payload->parts[i];
    if (part->type < PART_LAUNCHER || part->type > PART_ADDON)
      refuse("payload part \"%s\": type %u is unknown", part->name, part->type);
    seen[part->type]++;
  }
  if (payload->parts[0].type != PART_LAUNCHER || payload->parts[0].offset != 0)
    refuse("payload: the first part is \"%s\" at byte %llu, expected the launcher at byte 0",
           payload->parts[0].name, (unsigned long long)payload->parts[0].offset);
  if (seen[PART_LAUNCHER] != 1 || seen[PART_PROGRAM] != 1 || seen[PART_LOADER] != 1)
    refuse("payload: %u launchers, %u programs, %u loaders; expected one of each", seen[PART_LAUNCHER],
           seen[PART_PROGRAM], seen[PART_LOADER]);
}

static void check_index(const struct payload *payload, const struct footer *footer) {
  uint8_t digest[SHA256_SIZE];
  sha256((const uint8_t *)payload->parts, footer->count * sizeof(struct part), digest);
  if (memcmp(digest, footer->index_sha256, sizeof digest) != 0)
    refuse("the payload's index is damaged: its SHA-256 differs from the one in the footer");
  uint64_t from = 0;
  for (uint32_t i = 0; i < payload->count; i++) {
    const struct part *part = &payload->parts[i];
    check_name(part, i);
    check_range(part, from, footer->index_offset);
    from = part->offset + part->size;
  }
  check_types(payload);
}

void payload_open(struct payload *payload) {
  payload->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (payload->fd < 0)
    refuse_errno("cannot open /proc/self/exe (is /proc mounted?)");
  struct stat status;
  if (fstat(payload->fd, &status) != 0)
    refuse_errno("cannot stat /proc/self/exe");
  payload->file_size = (uint64_t)status.st_size;
  struct footer footer = read_footer(payload);
  payload->count = footer.count;
  read_exactly(payload, payload->parts, footer.count * sizeof(struct part), footer.index_offset, "index");
  check_index(payload, &footer);
}

void payload_verify_part(const struct payload *payload, const struct part *part) {
  void *bytes = mmap(NULL, part->size, PROT_READ, MAP_PRIVATE, payload->fd, (off_t)part->offset);
  if (bytes == MAP_FAILED)
    refuse_errno("cannot map payload part \"%s\" (%llu bytes)", part->name, (unsigned long long)part->size);
  madvise(bytes, part->size, MADV_SEQUENTIAL);
  uint8_t digest[SHA256_SIZE];
  sha256(bytes, part->size, digest);
  munmap(bytes, part->size);
  if (memcmp(digest, part->sha256, sizeof digest) != 0)
    refuse("payload part \"%s\" is damaged: its SHA-256 differs from the index", part->name);
}

uint64_t payload_verify_self(void) {
  static struct payload payload;
  payload_open(&payload);
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < payload.count; i++) {
    payload_verify_part(&payload, &payload.parts[i]);
    bytes += payload.parts[i].size;
  }
  close(payload.fd);
  return bytes;
}

const struct part *payload_part(const struct payload *payload, enum part_type type) {
  uint32_t i = 0;
  while (i + 1 < payload->count && payload->parts[i].type != type)
    i++;
  return &payload->parts[i];
}
