// QEMU's human monitor over its unix socket, for what an operator's hands do: pull a stick out, put one in.

import { connect } from "node:net";

/** Sends one command and resolves with what the monitor printed for it. */
export function monitor(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    let asked = false;
    const connection = connect(socket);
    connection.on("error", reject);
    connection.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
      if (!said.trimEnd().endsWith("(qemu)")) return;
      if (asked) {
        connection.end();
        resolve(said);
        return;
      }
      asked = true;
      said = "";
      connection.write(`${command}\n`);
    });
  });
}
