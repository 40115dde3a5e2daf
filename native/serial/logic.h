// What a serial line has beside its bytes: modem lines, exclusive use, low latency, raw mode; and
// pseudo-terminals. Sources: ioctl_tty(2), termios(3), pty(7), flock(2), <linux/serial.h>. Plain C++: no Node
// in here. All functions take an open tty's descriptor and leave it open.
#pragma once

#include "../common/error.h"

#include <cstdint>
#include <optional>
#include <string>

namespace pulsebox::serial {

struct ModemLines {
  bool cts = false;
  bool dsr = false;
  bool dcd = false;
  bool ri = false;
  bool rts = false;
  bool dtr = false;
};

/** ENOTTY: the tty has no modem lines (a pty). */
Result<ModemLines> modem_lines(int descriptor);

struct LineChange {
  std::optional<bool> rts;
  std::optional<bool> dtr;
  /** Holds the transmit line in the space state. */
  std::optional<bool> transmit_break;
};

/** Sets the lines that are named, RTS and DTR in one step each way, then the break. */
Outcome set_modem_lines(int descriptor, const LineChange &change);

/** flock and TIOCEXCL; EBUSY: another open file holds the lock. Root opens a TIOCEXCL port all the same,
 * hence flock too. */
Outcome lock_exclusive(int descriptor);
Outcome unlock(int descriptor);

/** ASYNC_LOW_LATENCY; ENOTTY: the driver has no such setting. */
Outcome set_low_latency(int descriptor, bool on);

/** Bytes that were written and have not left the port (TIOCOUTQ); a pty's are always 0. */
Result<uint32_t> unsent_bytes(int descriptor);
/** Throws away what was written and has not left the port: a port whose peer holds the line closes at once.
 */
Outcome discard_unsent(int descriptor);

/** 8N1 without any translation or flow control, modem lines ignored; EINVAL: the driver did not take the
 * speed. */
Outcome raw_mode(int descriptor, uint32_t baud);

struct PseudoTerminal {
  int master;
  int slave;
  std::string path;
};

/** A new pair in raw mode, both ends close-on-exec and non-blocking. */
Result<PseudoTerminal> open_pty();

} // namespace pulsebox::serial
