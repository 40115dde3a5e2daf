// Follows Documentation/watchdog/watchdog-api.rst: petting is a write of any character but 'V' (every driver
// has it, the WDIOC_KEEPALIVE ioctl needs WDIOF_KEEPALIVEPING), and 'V' just before close stops the timer
// (magic close).

#include "logic.h"

#include "../common/descriptor.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace pulsebox::watchdog {

namespace {

constexpr std::array<std::pair<uint32_t, const char *>, 12> known_options{{
    {WDIOF_OVERHEAT, "OVERHEAT"},
    {WDIOF_FANFAULT, "FANFAULT"},
    {WDIOF_EXTERN1, "EXTERN1"},
    {WDIOF_EXTERN2, "EXTERN2"},
    {WDIOF_POWERUNDER, "POWERUNDER"},
    {WDIOF_CARDRESET, "CARDRESET"},
    {WDIOF_POWEROVER, "POWEROVER"},
    {WDIOF_SETTIMEOUT, "SETTIMEOUT"},
    {WDIOF_MAGICCLOSE, "MAGICCLOSE"},
    {WDIOF_PRETIMEOUT, "PRETIMEOUT"},
    {WDIOF_ALARMONLY, "ALARMONLY"},
    {WDIOF_KEEPALIVEPING, "KEEPALIVEPING"},
}};

Outcome write_character(int device, char character, std::string attempted) {
  ssize_t written;
  do
    written = write(device, &character, 1);
  while (written < 0 && errno == EINTR);
  if (written < 0)
    return last_error(std::move(attempted));
  if (written != 1)
    return Error{EIO, std::move(attempted), "the driver took no character"};
  return Nothing{};
}

/** Drivers outside the kernel's watchdog core answer ENOTTY where the core answers EOPNOTSUPP. */
bool unsupported() {
  return errno == EOPNOTSUPP || errno == ENOTTY;
}

} // namespace

Result<int> open_device(const std::string &path) {
  const std::string attempted = "open " + path;
  // O_NONBLOCK and O_NOCTTY: a path that is really a FIFO or a tty must not block or become the controlling
  // terminal.
  Descriptor device(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!device.is_open())
    return last_error(attempted);
  struct stat status;
  watchdog_info info;
  if (fstat(device.get(), &status) < 0)
    return last_error(attempted);
  const bool is_device = S_ISCHR(status.st_mode);
  if (is_device && ioctl(device.get(), WDIOC_GETSUPPORT, &info) == 0)
    return device.release();
  if (is_device && errno != ENOTTY)
    return last_error(attempted);
  return Error{ENOTTY, attempted, "not a watchdog device"};
}

Result<Support> support(int device, const std::string &path) {
  watchdog_info info;
  if (ioctl(device, WDIOC_GETSUPPORT, &info) < 0)
    return last_error("ask " + path + " what it supports");
  const char *identity = reinterpret_cast<const char *>(info.identity);
  return Support{std::string(identity, strnlen(identity, sizeof info.identity)), info.firmware_version,
                 info.options};
}

Result<int> timeout(int device, const std::string &path) {
  int seconds = 0;
  if (ioctl(device, WDIOC_GETTIMEOUT, &seconds) < 0)
    return last_error("read the timeout of " + path);
  return seconds;
}

Result<int> set_timeout(int device, const std::string &path, int seconds) {
  const std::string attempted = "set the timeout of " + path + " to " + std::to_string(seconds) + " s";
  int accepted = seconds;
  if (ioctl(device, WDIOC_SETTIMEOUT, &accepted) == 0)
    return accepted;
  if (unsupported())
    return Error{EOPNOTSUPP, attempted, "the driver's timeout is fixed"};
  return last_error(attempted);
}

Result<std::optional<int>> time_left(int device, const std::string &path) {
  int seconds = 0;
  if (ioctl(device, WDIOC_GETTIMELEFT, &seconds) == 0)
    return std::optional<int>(seconds);
  if (unsupported())
    return std::optional<int>();
  return last_error("read the time left of " + path);
}

Result<uint32_t> boot_status(int device, const std::string &path) {
  int bits = 0;
  if (ioctl(device, WDIOC_GETBOOTSTATUS, &bits) < 0)
    return last_error("read the boot status of " + path);
  return static_cast<uint32_t>(bits);
}

Outcome pet(int device, const std::string &path) {
  return write_character(device, '\0', "pet " + path);
}

Outcome permit_stop(int device, const std::string &path) {
  return write_character(device, 'V', "disarm " + path);
}

Outcome close_device(int device, const std::string &path) {
  // Linux releases the descriptor even when close is interrupted (close(2)): EINTR is no failure and must not
  // be repeated.
  if (close(device) < 0 && errno != EINTR)
    return last_error("close " + path);
  return Nothing{};
}

std::vector<std::string> option_names(uint32_t bits) {
  std::vector<std::string> names;
  for (const auto &[bit, name] : known_options) {
    if (bits & bit)
      names.emplace_back(name);
    bits &= ~bit;
  }
  for (uint32_t bit = 1; bits != 0; bit <<= 1) {
    if (bits & bit) {
      char text[11];
      snprintf(text, sizeof text, "0x%x", bit);
      names.emplace_back(text);
    }
    bits &= ~bit;
  }
  return names;
}

} // namespace pulsebox::watchdog
