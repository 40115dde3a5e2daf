// A part of a file or device as a block device of its own (loop(4)): the config area of a CD, on which Linux
// makes no partitions. LOOP_CONFIGURE needs Linux 5.8. Plain C++: no Node in here.
#pragma once

#include "../common/error.h"

#include <cstdint>
#include <string>

namespace pulsebox::process {

struct LoopPart {
  std::string file;
  /** Bytes; a multiple of 512. */
  uint64_t offset = 0;
  /** Bytes; 0 takes all up to the end. */
  uint64_t size_limit = 0;
  bool read_only = true;
};

struct LoopDevice {
  /** Holds the device: the kernel frees it when this descriptor and the last mount of it are gone
   * (autoclear). */
  int descriptor;
  /** "/dev/loop0" */
  std::string path;
};

Result<LoopDevice> attach_loop(const LoopPart &part);

Outcome detach_loop(const LoopDevice &device);

} // namespace pulsebox::process
