// Keeps what this process executes in RAM (mlock2(2), proc(5) "maps"), so that no page of it must be read
// from a medium that is slow, full of errors or gone at the moment when a peer fails. Not mlockall(2): V8
// gives heap pages back by madvise(MADV_DONTNEED), which the kernel refuses on locked memory, and V8 takes
// that refusal as fatal (v8::base::OS::DiscardSystemPages). Memory without a file can leave RAM only through
// swap, which a box does not have; elsewhere the service's cgroup forbids it (memory.swap.max,
// Documentation/admin-guide/cgroup-v2.rst).
#pragma once

#include "../common/error.h"

#include <cstdint>

namespace pulsebox::process {

/**
 * Locks all mappings of files, the C heap and the main thread's stack as they are now; libraries loaded later
 * are not included. With `on_fault` a page is locked when it is first touched, not read in for the lock.
 * Locks all or nothing; returns the bytes.
 */
Result<uint64_t> lock_memory(bool on_fault);

Outcome unlock_memory();

} // namespace pulsebox::process
