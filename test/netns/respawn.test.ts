// Clients of respawn under a real daemon: a real user, real programs, and what is left of them when the daemon has ended.

import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ClusterLab } from "../support/cluster.ts";
import { available, reasonToSkip } from "../support/netns.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip(
  "clients of respawn",
  available() ?? (process.getuid?.() === 0 ? undefined : "only root may become another user"),
);

let lab: ClusterLab | undefined;
let folder = "";

afterEach(async () => {
  await lab?.dispose();
  lab = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** Writes who it is into a file for each start, and when it is asked to end. */
const client = (name: string): string => `#!/bin/sh
trap 'echo "$(date +%s%N) ${name}" >> ended; exit 0' TERM
echo "$$ $(id -u) $(id -G)" >> ${name}
while :; do sleep 0.02; done
`;

async function starts(name: string): Promise<string[]> {
  const text = await readFile(join(folder, name), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean);
}

test.skipIf(why)(
  "clients run as their user, come back when they die, and end before the daemon does",
  async () => {
    folder = await mkdtemp(join(tmpdir(), "pulsebox-respawn-"));
    const names = ["first", "second", "never"];
    for (const name of names) {
      const program = client(name).replaceAll(/>> (\w+)/g, `>> ${folder}/$1`);
      await writeFile(join(folder, `${name}.sh`), name === "never" ? "#!/bin/sh\nexit 100\n" : program, {
        mode: 0o755,
      });
    }
    await Promise.all(
      ["first", "second", "ended"].map((name) => writeFile(join(folder, name), "", { mode: 0o666 })),
    );
    const users: Readonly<Record<string, string>> = { first: "nobody", second: '"4001"', never: "root" };
    // A world-writable folder and files: the clients are strangers here.
    await chmod(folder, 0o777);
    for (const name of ["first", "second", "ended"]) await chmod(join(folder, name), 0o666);
    lab = await ClusterLab.create({
      initdead: "1s",
      respawn: names.map((name) => `{ user: ${users[name]}, command: [${folder}/${name}.sh] }`),
    });
    const { director1 } = lab;
    await director1.start();
    await until(
      "both clients run",
      async () => (await starts("first")).length === 1 && (await starts("second")).length === 1,
    );
    const [pid = "", ...identity] = ((await starts("first"))[0] ?? "").split(" ");
    expect(identity).toEqual(["65534", "65534"]);
    expect((await starts("second"))[0]).toMatch(/ 4001 4001$/);
    await director1.said(/never.sh process exited with return code 100/);

    process.kill(Number(pid), "SIGKILL");
    await until("the first client is there again", async () => (await starts("first")).length === 2);
    expect(director1.log).toMatch(/WARN: Managed \S+first.sh process killed by signal SIGKILL/);
    expect(director1.log).toMatch(/ERROR: Respawning client "\S+first.sh":/);
    expect(director1.log).not.toMatch(/Respawning client "\S+never.sh"/);

    const clients = [...(await starts("first")), ...(await starts("second"))].map(
      (line) => line.split(" ")[0],
    );
    expect(await director1.end("SIGTERM")).toBe(0);
    const order = (await starts("ended")).map((line) => line.split(" ")[1]);
    expect(order).toEqual(["second", "first"]);
    for (const each of clients) expect(() => process.kill(Number(each), 0)).toThrow("ESRCH");
  },
);

test.skipIf(why)("a daemon that is killed takes its clients with it", async () => {
  folder = await mkdtemp(join(tmpdir(), "pulsebox-respawn-"));
  await writeFile(join(folder, "only.sh"), client("only").replaceAll(/>> (\w+)/g, `>> ${folder}/$1`), {
    mode: 0o755,
  });
  lab = await ClusterLab.create({
    initdead: "1s",
    respawn: [`{ user: root, command: [${folder}/only.sh] }`],
  });
  await lab.director1.start();
  await until("the client runs", async () => (await starts("only")).length === 1);
  await lab.director1.end("SIGKILL");
  await until("the client was asked to end", async () => (await starts("ended")).length === 1);
});
