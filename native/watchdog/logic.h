// A watchdog timer as the kernel offers it: a character device that resets the machine when nobody has
// written to it for the timeout. Sources: Documentation/watchdog/watchdog-api.rst, <linux/watchdog.h>,
// drivers/watchdog/watchdog_dev.c. All functions take the open device's descriptor; `path` only completes the
// messages. Plain C++: no Node in here.
#pragma once

#include "../common/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pulsebox::watchdog {

struct Support {
  std::string identity;
  uint32_t firmware_version = 0;
  /** WDIOF_* bits. */
  uint32_t options = 0;
};

/**
 * Opens the device close-on-exec, which starts the timer. EBUSY: somebody holds it. ENOTTY: the file is no
 * watchdog; nothing is ever written to such a file.
 */
Result<int> open_device(const std::string &path);

Result<Support> support(int device, const std::string &path);

/** Seconds. */
Result<int> timeout(int device, const std::string &path);

/** The seconds that the driver accepted, which may differ from those asked for; EOPNOTSUPP if its timeout is
 * fixed. */
Result<int> set_timeout(int device, const std::string &path, int seconds);

/** Seconds until the reset; nothing if the driver cannot tell. */
Result<std::optional<int>> time_left(int device, const std::string &path);

/** WDIOF_* bits of what the card says about the last start of the machine. */
Result<uint32_t> boot_status(int device, const std::string &path);

/** Starts the timeout anew. */
Outcome pet(int device, const std::string &path);

/** Writes the magic character, after which closing the device stops the timer. */
Outcome permit_stop(int device, const std::string &path);

Outcome close_device(int device, const std::string &path);

/** "SETTIMEOUT" for WDIOF_SETTIMEOUT; a bit without a name is "0x1000". */
std::vector<std::string> option_names(uint32_t bits);

} // namespace pulsebox::watchdog
