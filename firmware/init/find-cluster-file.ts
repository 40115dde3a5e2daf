// Looks on every CONFIG medium for a cluster file that has no errors and names this box. One look is a value:
// either the accepted file, or the reasons why each medium was refused, in words for the console.

import type { ClusterConfig, NodeConfig } from "../core/config/cluster.ts";
import { checkClusterFile } from "../core/config/cluster-file.ts";
import { type BoxFacts, identify } from "../core/config/identity.ts";
import { renderDiagnostics } from "../core/config/render.ts";
import type { Box, ConfigMedium } from "../ports/box.ts";

export interface AcceptedFile {
  readonly medium: ConfigMedium;
  readonly text: string;
  readonly config: ClusterConfig;
  readonly node: NodeConfig;
  /** What told that the entry is ours: "mac", "address", … */
  readonly by: string;
}

export interface Look {
  readonly accepted?: AcceptedFile;
  /** One paragraph for each medium that was refused, and for the lack of any. */
  readonly refusals: readonly string[];
  /** Warnings of the accepted file, ready to print. */
  readonly warnings?: string;
}

type Verdict =
  | { readonly ok: true; readonly file: AcceptedFile; readonly warnings?: string }
  | { readonly ok: false; readonly reason: string };

function judge(medium: ConfigMedium, box: Box, facts: BoxFacts): Verdict {
  const read = box.readClusterFile(medium);
  if (!read.ok) return { ok: false, reason: `${medium.name}: ${read.error}` };
  const { config, diagnostics } = checkClusterFile(read.text, "cluster.yaml");
  const rendered = diagnostics.length > 0 ? renderDiagnostics(diagnostics, read.text) : undefined;
  if (config === undefined)
    return { ok: false, reason: `${medium.name}: the cluster file has errors\n${rendered ?? ""}` };
  const identity = identify(config, facts);
  if (!identity.ok) return { ok: false, reason: `${medium.name}: ${identity.reason}` };
  const file = { medium, text: read.text, config, node: identity.node, by: identity.by };
  return rendered === undefined ? { ok: true, file } : { ok: true, file, warnings: rendered };
}

/** Takes the first good file in the order of the media; the others are only named. */
export function lookForClusterFile(box: Box, facts: BoxFacts): Look {
  const media = box.configMedia();
  if (media.length === 0) {
    return {
      refusals: ["no medium with a file system labelled CONFIG (disk partition, USB stick or CD) was found"],
    };
  }
  const refusals: string[] = [];
  for (const medium of media) {
    const verdict = judge(medium, box, facts);
    if (!verdict.ok) {
      refusals.push(verdict.reason);
      continue;
    }
    const others = media
      .slice(media.indexOf(medium) + 1)
      .map((other) => `${other.name}: not read, ${medium.name} was good`);
    const look = { accepted: verdict.file, refusals: [...refusals, ...others] };
    return verdict.warnings === undefined ? look : { ...look, warnings: verdict.warnings };
  }
  return { refusals };
}
