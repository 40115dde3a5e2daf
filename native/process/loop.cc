// loop(4) and <linux/loop.h>: ask /dev/loop-control for a free number, configure that device in one call.
// Between the two another program may take the number: the kernel then answers EBUSY and the next free one is
// tried.

#include "loop.h"

#include "../common/descriptor.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

namespace pulsebox::process {

namespace {

constexpr uint64_t sector = 512;
constexpr int attempts = 16;

loop_config configuration(const LoopPart &part, int file) {
  loop_config config{};
  config.fd = static_cast<uint32_t>(file);
  config.info.lo_offset = part.offset;
  config.info.lo_sizelimit = part.size_limit;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (part.read_only ? LO_FLAGS_READ_ONLY : 0);
  // Only for people who ask losetup: cut off at the end, and a NUL always follows.
  snprintf(reinterpret_cast<char *>(config.info.lo_file_name), LO_NAME_SIZE, "%s", part.file.c_str());
  return config;
}

} // namespace

Result<LoopDevice> attach_loop(const LoopPart &part) {
  const std::string attempted =
      "attach a loop device to " + part.file + " at offset " + std::to_string(part.offset);
  if (part.offset % sector != 0 || part.size_limit % sector != 0)
    return Error{EINVAL, attempted, "offset and size limit must be multiples of 512"};
  const int access = part.read_only ? O_RDONLY : O_RDWR;
  const Descriptor file(open(part.file.c_str(), access | O_CLOEXEC));
  if (!file.is_open())
    return last_error(attempted);
  const Descriptor control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.is_open()) {
    Error error = last_error(attempted);
    error.detail = "opening /dev/loop-control; is the module loop loaded?";
    return error;
  }
  const loop_config config = configuration(part, file.get());
  for (int attempt = 0; attempt < attempts; attempt++) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0)
      return last_error(attempted);
    const std::string path = "/dev/loop" + std::to_string(number);
    Descriptor device(open(path.c_str(), access | O_CLOEXEC));
    if (!device.is_open()) {
      Error error = last_error(attempted);
      error.detail = "opening " + path;
      return error;
    }
    if (ioctl(device.get(), LOOP_CONFIGURE, &config) == 0)
      return LoopDevice{device.release(), path};
    if (errno != EBUSY)
      return last_error(attempted);
  }
  return Error{EBUSY, attempted, "other programs took " + std::to_string(attempts) + " free devices first"};
}

Outcome detach_loop(const LoopDevice &device) {
  // EINTR: Linux has released the descriptor all the same (close(2)).
  if (close(device.descriptor) < 0 && errno != EINTR)
    return last_error("detach " + device.path);
  return Nothing{};
}

} // namespace pulsebox::process
