// The cluster file of the laboratory in cluster.ts, with the values that tests vary.

export interface ClusterOptions {
  /** Durations as the file takes them. */
  readonly keepalive?: string;
  readonly deadtime?: string;
  readonly initdead?: string;
  readonly autoFailback?: "on" | "off";
  /** Lines of the list heartbeat.media. */
  readonly media?: readonly string[];
  readonly key?: string;
  /** More lines of the section heartbeat. */
  readonly heartbeat?: readonly string[];
  /** What stands behind `fencing:` of the node. */
  readonly fencing?: Partial<Record<"director1" | "director2", string>>;
  /** Lines of the list heartbeat.respawn. */
  readonly respawn?: readonly string[];
  /** Lines of the list resources instead of the one group. */
  readonly resources?: readonly string[];
  /** More sections, as they are written. */
  readonly sections?: string;
  /** Lines of the section failover. */
  readonly failover?: readonly string[];
}

const bothCables = ["bcast: eth1", "bcast: eth0"];

/** director1 is the preferred owner of 10.77.0.50. */
export function clusterFile(options: ClusterOptions = {}): string {
  const { keepalive = "100ms", deadtime = "500ms", initdead = "2s", autoFailback = "on" } = options;
  const fencing = (node: "director1" | "director2"): string =>
    options.fencing?.[node] === undefined ? "" : `    fencing: ${options.fencing[node]}\n`;
  const respawn = (options.respawn ?? []).map((line) => `    - ${line}\n`).join("");
  const more = (options.heartbeat ?? []).map((line) => `  ${line}\n`).join("");
  const groups = options.resources ?? ["{ node: director1, group: [10.77.0.50/24] }"];
  const resources = groups.map((line) => `  - ${line}\n`).join("");
  const failover = (options.failover ?? []).map((line) => `  ${line}\n`).join("");
  const media = (options.media ?? bothCables).map((line) => `    - ${line}`).join("\n");
  return `version: 1
cluster: laboratory
nodes:
  director1:
    interfaces:
      eth0: { address: 10.77.0.1/24 }
      eth1: { address: 10.78.0.1/24 }
${fencing("director1")}  director2:
    interfaces:
      eth0: { address: 10.77.0.2/24 }
      eth1: { address: 10.78.0.2/24 }
${fencing("director2")}heartbeat:
  keepalive: ${keepalive}
  deadtime: ${deadtime}
  initdead: ${initdead}
  auto_failback: ${autoFailback}
  udpport: 694
  media:
${media}
  auth: { method: sha1, key: "${options.key ?? "laboratory"}" }
${more}${respawn === "" ? "" : `  respawn:\n${respawn}`}resources:
${resources}${failover === "" ? "" : `failover:\n${failover}`}${options.sections ?? ""}`;
}
