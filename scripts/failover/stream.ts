// An established TCP connection that is never silent: a line goes out every few milliseconds and comes back as an echo. Runs in
// a process inside a namespace (test/support/remote.ts), once as the listener, once as the talker.

import { connect, createServer, type Socket } from "node:net";

const pace = 5;

let socket: Socket | undefined;
let pacing: NodeJS.Timeout | undefined;
let last = 0;
let longest = 0;
let ended = false;

/** Echoes whatever comes to `port`. */
export function listen(port: number): Promise<void> {
  const server = createServer((connection) => {
    connection.setNoDelay(true);
    connection.on("error", () => connection.destroy());
    connection.pipe(connection);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => resolve());
  });
}

/** Connects and begins; resolves with the first echo. */
export function talk(address: string, port: number): Promise<void> {
  const connection = connect(port, address);
  socket = connection;
  [longest, ended] = [0, false];
  connection.setNoDelay(true);
  connection.on("error", () => {
    ended = true;
  });
  connection.on("end", () => {
    ended = true;
  });
  connection.on("connect", () => {
    pacing = setInterval(() => connection.write("a line\n"), pace);
  });
  return new Promise((resolve) => {
    connection.once("data", () => {
      last = performance.now();
      connection.on("data", note);
      resolve();
    });
  });
}

function note(): void {
  const now = performance.now();
  longest = Math.max(longest, now - last);
  last = now;
}

/** The longest time between two echoes until now, milliseconds, and whether the connection had been lost. */
export function hangUp(): { longest: number; ended: boolean } {
  note();
  clearInterval(pacing);
  socket?.destroy();
  return { longest, ended };
}
