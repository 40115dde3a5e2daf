// A management controller without hardware: OpenIPMI's simulator (ipmi_sim(1), ipmi_lan(5)) in a namespace of the laboratory, with
// a script in place of the power supply.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Namespace } from "./netns.ts";
import { until } from "./until.ts";

export interface BmcOptions {
  /** Of the namespace; the controller answers there at UDP port 623. */
  readonly address: string;
  readonly user: string;
  readonly password: string;
  /** Shell commands that end the power; their failure is the controller's failure. */
  readonly powerOff: string;
}

/** Answers when this resolves; ends with the namespace. Works in `directory`. */
export async function startBmc(place: Namespace, directory: string, options: BmcOptions): Promise<void> {
  const { address, user, password, powerOff } = options;
  const control = join(directory, "control");
  const power = join(directory, "power");
  const auth = "none md2 md5 straight";
  const levels = ["callback", "user", "operator", "admin"].map((level) => `allowed_auths_${level} ${auth}`);
  await writeFile(
    join(directory, "lan.conf"),
    [
      'name "bmc"',
      "set_working_mc 0x20",
      "startlan 1",
      ...[`addr ${address} 623`, "priv_limit admin", ...levels, `guid ${"a1".repeat(16)}`],
      "endlan",
      `chassis_control "${control} 0x20"`,
      `user 2 true "${user}" "${password}" admin 10 ${auth}`,
      "",
    ].join("\n"),
  );
  const bmc = "0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02";
  await writeFile(join(directory, "bmc.emu"), `mc_setbmc 0x20\nmc_add 0x20 ${bmc}\nmc_enable 0x20\n`);
  await writeFile(power, "1\n");
  // Called as "control 0x20 get power" and "control 0x20 set power 0".
  const script = `case "$2 $3 $4" in
"get power ") echo "power:$(cat ${power})" ;;
"set power 0") ${powerOff}
echo 0 >${power} ;;
esac`;
  await writeFile(control, `#!/bin/sh\nset -e\n${script}\n`, { mode: 0o755 });
  await mkdir(join(directory, "state"));
  const files = ["-c", join(directory, "lan.conf"), "-f", join(directory, "bmc.emu")];
  place.spawn(["ipmi_sim", "-n", ...files, "-s", join(directory, "state")], { stdio: "ignore" });
  const secret = `IPMI_PASSWORD=${password}`;
  const ask = ["ipmitool", "-I", "lanplus", "-H", address, "-U", user, "-E", "-C", "3", "-N", "1", "-R", "1"];
  await until("the controller answers", async () => {
    const { stdout } = await place.exec(["env", secret, ...ask, "chassis", "power", "status"]);
    return stdout.includes("Chassis Power is on");
  });
}
