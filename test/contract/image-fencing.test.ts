// ipmitool in the image: there and able to run on the box's own files exactly when the cluster file fences by IPMI, the
// same bytes each time; `npm run flash` puts no such cluster file into an image without it.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BuiltImage } from "../../image/build.ts";
import { buildStandIn, changedCluster, unpackInitramfs } from "./image-stand-in.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "pulsebox-image-fencing-"));
const fast = { packing: "fast" } as const;
let byIpmi: string;
let byCommand: string;
let withIpmitool: BuiltImage;
let without: BuiltImage;

const fencedBy = (name: string, fencing: string) =>
  changedCluster(join(folder, name), (text) =>
    text.replace("  director2:\n", `  director2:\n    fencing: { ${fencing} }\n`),
  );
const ipmi = "address: 10.0.0.9, user: admin";

beforeAll(async () => {
  byIpmi = fencedBy("ipmi.yaml", `ipmi: { ${ipmi}, password: geheim }`);
  byCommand = fencedBy("command.yaml", "command: [/usr/local/sbin/cut-power, outlet7]");
  withIpmitool = await buildStandIn(join(folder, "with"), { ...fast, config: byIpmi });
  without = await buildStandIn(join(folder, "without"), { ...fast, config: byCommand });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a cluster file that fences by IPMI: ipmitool runs on what the image holds and complains of nothing", () => {
  const unpacked = join(folder, "unpacked-with");
  unpackInitramfs(withIpmitool.path, unpacked);
  // A box has no more than this; in a user namespace anybody may change the root.
  const inside = ["--user", "--map-root-user", `--root=${unpacked}`];
  const run = (...args: string[]) => {
    const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/", IPMI_PASSWORD: "geheim" };
    const { status, stdout, stderr } = spawnSync("/usr/bin/unshare", [...inside, "ipmitool", ...args], {
      encoding: "utf8",
      env: environment,
    });
    return { status, stdout, stderr };
  };
  expect(run("-V")).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^ipmitool version 1\.\d+\.\d+\n$/),
    stderr: "",
  });
  // The discard port answers nobody: it goes as far as its first datagram.
  const lan = ["-I", "lanplus", "-H", "127.0.0.1", "-p", "9", "-N", "1", "-R", "1", "-U", "admin", "-E"];
  expect(run(...lan, "chassis", "power", "status")).toEqual({
    status: 1,
    stdout: "",
    stderr: "Error: Unable to establish IPMI v2 / RMCP+ session\n",
  });
  const licences = readFileSync(join(unpacked, "usr/share/licences/ipmitool.txt"), "utf8");
  expect(licences).toMatch(/^==== \/usr\/share\/doc\/ipmitool\/copyright$/m);
  expect(licences).toMatch(/^==== \/usr\/share\/common-licenses\/GPL-3$/m);
  expect(withIpmitool.warnings).not.toContain("a box has");
});

test("any other cluster file: no ipmitool, no library, and fencing by a command is warned of", () => {
  const unpacked = join(folder, "unpacked-without");
  unpackInitramfs(without.path, unpacked);
  expect(readdirSync(join(unpacked, "lib"))).toEqual(["modules"]);
  expect(existsSync(join(unpacked, "lib64"))).toBe(false);
  expect(readdirSync(join(unpacked, "usr/bin"))).toEqual(["pulsebox"]);
  expect(readdirSync(join(unpacked, "usr/share"))).toEqual(["licences"]);
  expect(without.warnings).toMatch(
    /command\.yaml:\d+:16: warning: a box has no \/usr\/local\/sbin\/cut-power and cannot fence director2; ipmi works/,
  );
});

test("a password in a file is warned of: a box has no such file", async () => {
  const config = fencedBy("file.yaml", `ipmi: { ${ipmi}, password_file: /etc/pulsebox/bmc }`);
  const { warnings } = await buildStandIn(join(folder, "file"), { ...fast, config });
  expect(warnings).toMatch(
    /file\.yaml:\d+:\d+: warning: a box has no file \/etc\/pulsebox\/bmc and cannot fence director2; password works/,
  );
});

test("another build, with other libraries preloaded, gives the same bytes", async () => {
  process.env.LD_LIBRARY_PATH = "/nowhere";
  try {
    const again = await buildStandIn(join(folder, "again"), { ...fast, config: byIpmi });
    expect(again.sha256).toBe(withIpmitool.sha256);
  } finally {
    delete process.env.LD_LIBRARY_PATH;
  }
});

test("flash refuses fencing by IPMI for an image without ipmitool, says what to do, and changes nothing", () => {
  const before = readFileSync(without.path);
  const { status, stdout, stderr } = flash(byIpmi, without.path);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(
    /ipmi\.yaml:\d+:16: error: fencing by IPMI needs ipmitool, which this image lacks: npm run image -- --config .*ipmi\.yaml\n/,
  );
  expect(stderr).toMatch(/\n +fencing: \{ ipmi: .*password: \*+ .*\n +\^~~~\n1 error\n$/);
  expect(readFileSync(without.path).equals(before)).toBe(true);
});

test("flash puts it into an image with ipmitool, and other cluster files as well", () => {
  expect(flash(byCommand, withIpmitool.path)).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("a box has no /usr/local/sbin/cut-power"),
  });
  expect(flash(byIpmi, withIpmitool.path)).toMatchObject({
    status: 0,
    stderr: expect.not.stringContaining("a box has"),
  });
});

function flash(clusterFile: string, image: string) {
  const script = join(root, "scripts", "flash.ts");
  return spawnSync(process.execPath, [script, clusterFile, image], { encoding: "utf8" });
}
