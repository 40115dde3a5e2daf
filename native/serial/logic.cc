// The ioctls follow ioctl_tty(2); TIOCGSERIAL and TIOCSSERIAL are described by <linux/serial.h> only.
// Arbitrary speeds would need termios2, whose header collides with glibc's: the standard speeds of termios(3)
// are taken.

#include "logic.h"

#include "../common/descriptor.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <linux/serial.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace pulsebox::serial {

namespace {

constexpr std::array<std::pair<uint32_t, speed_t>, 22> speeds{{
    {1200, B1200},       {2400, B2400},       {4800, B4800},       {9600, B9600},       {19200, B19200},
    {38400, B38400},     {57600, B57600},     {115200, B115200},   {230400, B230400},   {460800, B460800},
    {500000, B500000},   {576000, B576000},   {921600, B921600},   {1000000, B1000000}, {1152000, B1152000},
    {1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000}, {3500000, B3500000},
    {4000000, B4000000}, {300, B300},
}};

/** "fd 5", or "/dev/ttyS1 (fd 5)" where the kernel knows a name. */
std::string describe(int descriptor) {
  char name[PATH_MAX];
  const std::string number = "fd " + std::to_string(descriptor);
  if (ttyname_r(descriptor, name, sizeof name) != 0)
    return number;
  return std::string(name) + " (" + number + ")";
}

Error tty_error(int code, int descriptor, const std::string &attempted, const char *missing) {
  return Error{code, attempted + " " + describe(descriptor), code == ENOTTY || code == EINVAL ? missing : ""};
}

constexpr const char *no_modem_lines = "this tty has no modem lines";

Outcome set_bits(int descriptor, int on, int off) {
  const char *attempted = "set the modem lines of";
  if (on != 0 && ioctl(descriptor, TIOCMBIS, &on) < 0)
    return tty_error(errno, descriptor, attempted, no_modem_lines);
  if (off != 0 && ioctl(descriptor, TIOCMBIC, &off) < 0)
    return tty_error(errno, descriptor, attempted, no_modem_lines);
  return Nothing{};
}

} // namespace

Result<ModemLines> modem_lines(int descriptor) {
  int bits = 0;
  if (ioctl(descriptor, TIOCMGET, &bits) < 0)
    return tty_error(errno, descriptor, "read the modem lines of", no_modem_lines);
  ModemLines lines;
  lines.cts = bits & TIOCM_CTS;
  lines.dsr = bits & TIOCM_DSR;
  lines.dcd = bits & TIOCM_CD;
  lines.ri = bits & TIOCM_RI;
  lines.rts = bits & TIOCM_RTS;
  lines.dtr = bits & TIOCM_DTR;
  return lines;
}

Outcome set_modem_lines(int descriptor, const LineChange &change) {
  int on = 0;
  int off = 0;
  if (change.rts)
    (*change.rts ? on : off) |= TIOCM_RTS;
  if (change.dtr)
    (*change.dtr ? on : off) |= TIOCM_DTR;
  const Outcome lines = set_bits(descriptor, on, off);
  if (!lines.ok() || !change.transmit_break)
    return lines;
  if (ioctl(descriptor, *change.transmit_break ? TIOCSBRK : TIOCCBRK) < 0)
    return tty_error(errno, descriptor, "set the break of", "this is no tty");
  return Nothing{};
}

Outcome lock_exclusive(int descriptor) {
  const std::string attempted = "lock " + describe(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) < 0) {
    if (errno == EWOULDBLOCK)
      return Error{EBUSY, attempted, "another program holds it"};
    return last_error(attempted);
  }
  if (ioctl(descriptor, TIOCEXCL) < 0) {
    const Error error = last_error(attempted);
    flock(descriptor, LOCK_UN);
    return error;
  }
  return Nothing{};
}

Outcome unlock(int descriptor) {
  const bool refused = ioctl(descriptor, TIOCNXCL) < 0;
  const int code = errno;
  if (flock(descriptor, LOCK_UN) < 0)
    return last_error("unlock " + describe(descriptor));
  if (refused)
    return Error{code, "unlock " + describe(descriptor)};
  return Nothing{};
}

Outcome set_low_latency(int descriptor, bool on) {
  const char *attempted = on ? "set low latency on" : "clear low latency on";
  constexpr const char *missing = "the driver has no latency setting";
  serial_struct settings{};
  if (ioctl(descriptor, TIOCGSERIAL, &settings) < 0)
    return tty_error(errno, descriptor, attempted, missing);
  const int flags = on ? settings.flags | ASYNC_LOW_LATENCY : settings.flags & ~ASYNC_LOW_LATENCY;
  if (flags == settings.flags)
    return Nothing{};
  settings.flags = flags;
  if (ioctl(descriptor, TIOCSSERIAL, &settings) < 0)
    return tty_error(errno, descriptor, attempted, missing);
  return Nothing{};
}

Result<uint32_t> unsent_bytes(int descriptor) {
  int count = 0;
  if (ioctl(descriptor, TIOCOUTQ, &count) < 0)
    return tty_error(errno, descriptor, "count the unsent bytes of", "this is no tty");
  return static_cast<uint32_t>(count);
}

Outcome discard_unsent(int descriptor) {
  if (tcflush(descriptor, TCOFLUSH) < 0)
    return tty_error(errno, descriptor, "discard the unsent bytes of", "this is no tty");
  return Nothing{};
}

Outcome raw_mode(int descriptor, uint32_t baud) {
  const std::string attempted =
      "set raw mode at " + std::to_string(baud) + " baud on " + describe(descriptor);
  speed_t speed = B0;
  for (const auto &[rate, code] : speeds)
    if (rate == baud)
      speed = code;
  if (speed == B0)
    return Error{EINVAL, attempted, "not one of the standard speeds"};
  termios wanted{};
  if (tcgetattr(descriptor, &wanted) < 0)
    return last_error(attempted);
  cfmakeraw(&wanted);
  wanted.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | CRTSCTS);
  wanted.c_cflag |= CLOCAL | CREAD;
  wanted.c_iflag &= ~static_cast<tcflag_t>(IXOFF | IXANY);
  wanted.c_cc[VMIN] = 1;
  wanted.c_cc[VTIME] = 0;
  cfsetspeed(&wanted, speed);
  if (tcsetattr(descriptor, TCSANOW, &wanted) < 0)
    return last_error(attempted);
  // tcsetattr(3) succeeds when any one of the changes was made.
  termios taken{};
  if (tcgetattr(descriptor, &taken) < 0)
    return last_error(attempted);
  if (cfgetospeed(&taken) != speed || cfgetispeed(&taken) != speed)
    return Error{EINVAL, attempted, "the driver did not take the speed"};
  return Nothing{};
}

Result<PseudoTerminal> open_pty() {
  const std::string attempted = "open a pseudo-terminal";
  Descriptor master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  char path[PATH_MAX];
  if (!master.is_open() || grantpt(master.get()) < 0 || unlockpt(master.get()) < 0 ||
      ptsname_r(master.get(), path, sizeof path) != 0)
    return last_error(attempted);
  Descriptor slave(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!slave.is_open())
    return last_error(attempted);
  const Outcome raw = raw_mode(slave.get(), 115200);
  if (!raw.ok())
    return raw.error();
  return PseudoTerminal{master.release(), slave.release(), path};
}

} // namespace pulsebox::serial
