// The hardware timer that resets the box when nobody pets it (Documentation/watchdog/watchdog-api.rst).

export interface Watchdog {
  /** Driver identity, and the timeout in seconds that the driver accepted. */
  readonly identity: string;
  readonly timeout: number;
  pet(): void;
  /** Magic close: the timer stops. Only for an orderly end. */
  disarm(): void;
}
