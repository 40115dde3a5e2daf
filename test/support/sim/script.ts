// Readable scenarios for golden tests: a file is a list of blocks, each some commands, a line "----", and what the nodes
// then said and did. Playing a file gives the same file with what really happened, so that a difference reads as a story.
//
//   cluster auto_failback=off keepalive=100 ping=A,B ping_group=NAME:A,B ipfail=on
//                         values other than those of test/support/cluster-config.ts; first block only
//   power on|off NODE…    crash NODE…    start NODE…    stop NODE…    pause NODE…    resume NODE…
//                         nodes=3 media=ring (words of topology.ts)
//   cut [NODE…]           no frame of these nodes arrives any more (of none named: of all)
//   separate NODE NODE    no frame of the one arrives at the other any more, in both directions; "heal" ends it
//   heal                  all media and ways to ping nodes are whole again
//   unplug NODE… / plug NODE…   the cable of eth0: its medium and the ways to all ping nodes
//   lost PING NODE… / found PING NODE…   the way between a ping node and these nodes
//   operator NODE status|cleanup|takeover|standby [all|local|foreign]
//   operator NODE fenced=OTHER   the operator has switched the other one off himself
//   replay NODE N         the last N frames that NODE has received come again
//   forge NODE            NODE gets a frame signed with a wrong key
//   group NODE WORD… [key=value…]   a resource group instead of the usual ones, with settings as in the cluster file;
//                         first block only. A failover service is the word www
//   program NODE WORD start|stop|status well|exit=N|hangs|takes=MS   how the calls for that resource go from now on
//   switch works|fails|hangs   how the power switch does that fences the nodes of fencing=NODE,NODE (first block) from now on
//   fail NODE WORD        the service of that resource dies
//   run MS                time passes
//
// Output: log lines; ">" sent messages other than keepalives and acks; "=" a change of the service addresses that the kernel
// has and of the services that run; "announces" gratuitous ARP, both forms; "answer" to operators. Times are milliseconds since the block began.

import type { Action } from "../../../firmware/core/action.ts";
import type {
  ClusterConfig,
  HeartbeatConfig,
  ResourceGroupConfig,
} from "../../../firmware/core/config/cluster.ts";
import type { OperatorRequest, ResourceScope } from "../../../firmware/core/event.ts";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { classify } from "../../../firmware/core/heartbeat/classify.ts";
import { compose } from "../../../firmware/core/heartbeat/compose.ts";
import { decodeFrame, encodeNetstring } from "../../../firmware/core/heartbeat/frame.ts";
import { withTrailer } from "../../../firmware/core/heartbeat/message.ts";
import type { Snapshot } from "../../../firmware/core/snapshot.ts";
import { clusterConfig, GROUPS, resourceGroup } from "../cluster-config.ts";
import type { Box } from "./box.ts";
import { GOOD } from "./network.ts";
import type { SwitchMood } from "./power-switch.ts";
import type { Behaviour, Call } from "./programs.ts";
import { World } from "./world.ts";

const RULE = "----";
const SEED = 1;

/** Plays the scenario and returns its text with the output that it has now. */
export function playScript(source: string): string {
  let player: Player | undefined;
  const blocks = source.trimEnd().split(/\n\n+/);
  const played = blocks.map((block) => {
    const [head = ""] = block.split(`\n${RULE}`);
    const commands = head.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    player ??= new Player(commands);
    const output = commands.length === 0 ? [] : player.play(commands);
    return output.length === 0 ? head : [head, RULE, ...output].join("\n");
  });
  return `${played.join("\n\n")}\n`;
}

class Player {
  readonly #world: World;
  readonly #lines: string[] = [];
  #since = 0;
  #held = new Map<Box, string>();

  constructor(commands: readonly string[]) {
    const cluster = commands.find((line) => line.startsWith("cluster ")) ?? "cluster";
    const groups = commands.filter((line) => line.startsWith("group ")).map(groupOf);
    const { nodes = "2", media = "two-segments", fencing = "", ...heartbeat } = settingsOf(cluster);
    const usual = groups.length === 0 ? GROUPS : groups;
    this.#world = new World({
      seed: SEED,
      form: media,
      config: withFencing(
        clusterConfig(heartbeatOf(heartbeat), usual, Number(nodes)),
        new Set(fencing.split(",")),
      ),
      observe: this.#note.bind(this),
    });
  }

  play(commands: readonly string[]): readonly string[] {
    this.#lines.length = 0;
    this.#since = this.#world.schedule.now;
    for (const command of commands) this.#obey(command.split(" "));
    return [...this.#lines];
  }

  #obey([verb = "", ...words]: readonly string[]): void {
    const world = this.#world;
    const boxes = world.boxes.filter(({ name }) => words.includes(name));
    const each = (act: (box: Box) => void): void => {
      if (boxes.length === 0) throw new Error(`${verb}: names no node`);
      for (const box of boxes) act(box);
    };
    world.watch.cause();
    if (verb === "cluster" || verb === "group") return;
    if (verb === "run") this.#run(Number(words[0]));
    else if (verb === "power") each((box) => (words[0] === "on" ? box.boot() : box.cutPower()));
    else if (verb === "crash") each((box) => box.crash());
    else if (verb === "start") each((box) => box.startProcess());
    else if (verb === "stop") each((box) => box.deliver({ type: "stop" }));
    else if (verb === "pause") each((box) => box.pause());
    else if (verb === "resume") each((box) => box.resume());
    else if (verb === "cut") this.#setMedia(boxes.length === 0 ? world.boxes : boxes, true);
    else if (verb === "separate") this.#separate(boxes);
    else if (verb === "heal") this.#heal();
    else if (verb === "unplug" || verb === "plug") each((box) => this.#plug(box, verb === "plug"));
    else if (verb === "lost" || verb === "found")
      each((box) => world.pingTargets.set(box, words[0] ?? "", verb === "found"));
    else if (verb === "operator") each((box) => this.#operate(box, words));
    else if (verb === "program") each((box) => this.#program(box, words.slice(1)));
    else if (verb === "switch") world.powerSwitch.mood = words[0] as SwitchMood;
    else if (verb === "fail") each((box) => box.programs.fail(words[1] ?? ""));
    else if (verb === "replay") each((box) => this.#replay(box, Number(words[1])));
    else if (verb === "forge") each((box) => this.#forge(box));
    else throw new Error(`unknown command "${verb}"`);
  }

  #run(ms: number): void {
    this.#world.run(ms);
  }

  #program(box: Box, [word = "", call = "", how = ""]: readonly string[]): void {
    const [, name = how, number = ""] = /^(exit|takes)=(\d+)$/.exec(how) ?? [];
    const behaviours: Readonly<Record<string, Behaviour>> = {
      well: {},
      hangs: { hangs: true },
      exit: { exit: Number(number) },
      takes: { takes: Number(number) },
    };
    const behaviour = behaviours[name];
    if (behaviour === undefined || !box.programs.words.includes(word))
      throw new Error(`program: ${word} ${how}`);
    box.programs.behave(word, call as Call, behaviour);
  }

  #setMedia(boxes: readonly Box[], cut: boolean): void {
    const { network } = this.#world;
    for (const wire of network.wires)
      for (const { name } of boxes) network.set(wire.name, name, { ...GOOD, cut });
  }

  #separate(boxes: readonly Box[]): void {
    const { network } = this.#world;
    for (const { name } of network.wires) {
      for (const from of boxes) {
        for (const to of boxes) network.set(name, from.name, { ...GOOD, cut: true }, to.name);
      }
    }
  }

  #heal(): void {
    this.#setMedia(this.#world.boxes, false);
    this.#world.pingTargets.repair();
  }

  /** eth0 is the second wire. */
  #plug(box: Box, whole: boolean): void {
    const { network, boxes, config, pingTargets } = this.#world;
    for (const { name } of boxes) network.set(network.wires[1]?.name ?? "", name, { ...GOOD, cut: !whole });
    const { ping, pingGroups } = config.heartbeat;
    for (const target of [...ping, ...pingGroups.flatMap(({ members }) => members)])
      pingTargets.set(box, target, whole);
  }

  #operate(box: Box, [, command, scope = "all"]: readonly string[]): void {
    const request =
      command === "status" || command === "cleanup"
        ? { command }
        : command === "fenced"
          ? { command, node: scope }
          : { command, scope: scope as ResourceScope };
    const id = ++this.#world.requests;
    this.#world.watch.asked(box, id);
    box.deliver({ type: "operator", request: request as OperatorRequest, id });
  }

  #replay(box: Box, count: number): void {
    const packets = this.#world.network.recorded.filter(({ author }) => author !== box.name);
    for (const { medium, bytes } of packets.slice(-count)) this.#world.inject(medium, box, bytes);
  }

  #forge(box: Box): void {
    const auth = createAuthenticator({ sendWith: 1, keys: [{ id: 1, method: "sha1", key: "guessed" }] });
    const trailer = { src: this.#world.othersOf(box)[0].name, seq: 9999, hg: 9, ts: 1 };
    const message = withTrailer(compose({ type: "shutdone" }), trailer);
    this.#world.inject(box.media[0]?.id ?? "", box, encodeNetstring(message, auth));
  }

  #note(box: Box, actions: readonly Action[]): void {
    for (const action of actions) {
      const words = this.#words(action, box);
      if (words !== undefined) this.#line(box, words);
    }
    const vips = this.#world.watch.vips.filter((vip) => box.kernel.has(vip));
    const services = box.programs.words.filter((word) => box.programs.running.has(word));
    const held = [...vips, ...services].join(" ");
    if (held === (this.#held.get(box) ?? "")) return;
    this.#held.set(box, held);
    this.#line(box, `= ${held || "none"}`);
  }

  #line(box: Box, words: string): void {
    const at = Math.round(this.#world.schedule.now - this.#since);
    this.#lines.push(`${String(at).padStart(6)} ${box.name} ${words}`);
  }

  #words(action: Action, box: Box): string | undefined {
    if (action.type === "log") return `${action.severity}: ${action.text}`;
    if (action.type === "answer") return `answer: ${action.error ?? "done"}${ignoredWords(action.snapshot)}`;
    if (action.type === "stopped") return "stopped";
    if (action.type === "self-fence") return "resets itself";
    if (action.type === "check") return `checks ${action.checks.map(({ id }) => id).join(", ") || "nothing"}`;
    if (action.type === "announce")
      return action.form === "request" ? `announces ${action.address}` : undefined;
    return action.type === "send" ? this.#message(action.bytes, box) : undefined;
  }

  #message(bytes: Uint8Array, { name }: Box): string | undefined {
    const decoded = decodeFrame(bytes, createAuthenticator(this.#world.config.heartbeat.auth));
    if (!decoded.ok) return `> ${decoded.reason}`;
    const { trailer, destuuid: _, ...body } = classify(decoded.message) as Readonly<Record<string, unknown>>;
    if (body.type === "status" || body.type === "NS_ackmsg") return undefined;
    const { src } = trailer as { src?: string };
    const whose = src === name ? "" : `sends on ${src}'s `;
    return `> ${whose}${Object.values(body).join(" ")}`;
  }
}

function ignoredWords({ ignored }: Snapshot): string {
  const counted = Object.entries(ignored).filter(([, count]) => count > 0);
  return counted.map(([reason, count]) => `; ignored ${count} ${reason}`).join("");
}

const FAILOVER = {
  www: {
    start: ["/etc/init.d/httpd", "start"],
    stop: ["/etc/init.d/httpd", "stop"],
    check: { port: 80, send: "GET / HTTP/1.0\r\n\r\n", expect: "HTTP" },
  },
};

function withFencing(config: ClusterConfig, fenced: ReadonlySet<string>): ClusterConfig {
  const command = ["/usr/local/sbin/cut-power"];
  const fencing = { kind: "command", command, timeout: 5000, delay: 0 } as const;
  return {
    ...config,
    nodes: config.nodes.map((node) => (fenced.has(node.name) ? { ...node, fencing } : node)),
  };
}

function groupOf(line: string): ResourceGroupConfig {
  const [, node = "", ...words] = line.split(" ");
  const settings = words.filter((word) => /^[a-z_.]+=/.test(word));
  const entry: Record<string, unknown> = { node, group: words.filter((word) => !settings.includes(word)) };
  for (const setting of settings) {
    const [key = "", value = ""] = setting.split("=");
    const [section = "", name] = key.split(".");
    const read = /^\d+$/.test(value) ? Number(value) : value === "off" ? false : value;
    entry[section] = name === undefined ? read : { ...(entry[section] as object), [name]: read };
  }
  return resourceGroup(entry as unknown as Parameters<typeof resourceGroup>[0], FAILOVER);
}

function settingsOf(cluster: string): Readonly<Record<string, string>> {
  const words = cluster.split(" ").slice(1);
  return Object.fromEntries(
    words.map((word) => word.split("=")).map(([name = "", value = ""]) => [name, value]),
  );
}

function heartbeatOf(settings: Readonly<Record<string, string>>): Partial<HeartbeatConfig> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => setting(name, value)));
}

function setting(name: string, value: string): readonly [string, unknown] {
  if (name === "auto_failback") return ["autoFailback", value];
  if (name === "ping") return ["ping", value.split(",")];
  if (name === "ipfail") return ["ipfail", value === "on"];
  if (name !== "ping_group") return [name, Number(value)];
  const [group = "", members = ""] = value.split(":");
  return ["pingGroups", [{ name: group, members: members.split(",") }]];
}
