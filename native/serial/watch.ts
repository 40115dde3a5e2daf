// Watches the modem lines of a serial port by looking at them on a timer. ioctl_tty(2) also has TIOCMIWAIT, which sleeps in the
// kernel: it exists only in some drivers and ends only by a change or by a signal aimed at its thread, which can come before the
// sleep begins and is then lost. Reading a UART's status register takes microseconds; 50 times a second costs nothing.

/** The state of the lines, true for asserted. A null-modem cable crosses the peer's RTS to our CTS, its DTR to our DSR and DCD. */
export interface ModemLines {
  readonly cts: boolean;
  readonly dsr: boolean;
  readonly dcd: boolean;
  readonly ri: boolean;
  readonly rts: boolean;
  readonly dtr: boolean;
}

export interface ModemLineSink {
  /** `before` is undefined in the first report. */
  readonly onChange: (lines: ModemLines, before: ModemLines | undefined) => void;
  /** The watch has ended by itself. */
  readonly onError: (error: Error) => void;
}

export interface ModemLineWatch {
  /** Ends the watch; nothing is reported any more. May be called again, and from within a report. */
  close(): void;
}

/** Calls `read` soon and then every `interval` milliseconds; never calls the sink before it has returned. */
export function watchLines(read: () => ModemLines, sink: ModemLineSink, interval: number): ModemLineWatch {
  let last: ModemLines | undefined;
  const look = (): void => {
    let lines: ModemLines;
    try {
      lines = read();
    } catch (error) {
      close();
      sink.onError(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    const before = last;
    if (before !== undefined && sameLines(lines, before)) return;
    last = lines;
    sink.onChange(lines, before);
  };
  const soon = setImmediate(look);
  const timer = setInterval(look, interval);
  const close = (): void => {
    clearImmediate(soon);
    clearInterval(timer);
  };
  return { close };
}

function sameLines(a: ModemLines, b: ModemLines): boolean {
  return (
    a.cts === b.cts &&
    a.dsr === b.dsr &&
    a.dcd === b.dcd &&
    a.ri === b.ri &&
    a.rts === b.rts &&
    a.dtr === b.dtr
  );
}
