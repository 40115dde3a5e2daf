// heartbeat's three files (ha.cf(5), authkeys(5), haresources) as one cluster file. What a cluster file needs and the three do
// not say comes from this box and from whoever converts (places.ts); a box knows itself by its host name, as in heartbeat.

import type { Diagnostic } from "../config/diagnostics.ts";
import { readWord } from "../config/haresources.ts";
import { type Draft, emptyDraft } from "./draft.ts";
import { readHaCf } from "./ha-cf.ts";
import { about, readLines } from "./lines.ts";
import { addPlaces, type Place, type ThisBox, unknownPlaces } from "./places.ts";
import { writeClusterFile } from "./write.ts";

export interface HeartbeatFile {
  /** For diagnostics. */
  readonly name: string;
  readonly text: string;
}

export interface HeartbeatSetup {
  readonly haCf: HeartbeatFile;
  readonly authkeys: HeartbeatFile;
  /** Absent where nothing is held. */
  readonly haresources?: HeartbeatFile;
  /** Addresses that somebody knows beyond what this box and the files tell. */
  readonly places: readonly Place[];
  readonly box: ThisBox;
}

export interface Conversion {
  /** The cluster file, also when something could not be converted. */
  readonly text: string;
  /** In the order of the files and their lines, each naming its file. */
  readonly diagnostics: readonly Diagnostic[];
  /** Interfaces whose addresses nobody knows, "kathy:eth1". */
  readonly unknown: readonly string[];
}

export function convert({ haCf, authkeys, haresources, places, box }: HeartbeatSetup): Conversion {
  const draft = emptyDraft();
  readHaCf(haCf.name, haCf.text, draft);
  readAuthkeys(authkeys, draft);
  if (haresources !== undefined) readHaresources(haresources, draft);
  addPlaces(draft, places, box);
  const names = [haCf, authkeys, haresources].flatMap((file) => (file === undefined ? [] : [file.name]));
  return {
    text: writeClusterFile(draft, names),
    diagnostics: draft.diagnostics,
    unknown: unknownPlaces(draft),
  };
}

/** "auth 2", then "2 sha1 secret" for each key; the first number of auth signs. */
function readAuthkeys({ name, text }: HeartbeatFile, draft: Draft): void {
  for (const line of readLines(name, text, "whole lines")) {
    const [first, second, third] = line.words;
    if (first === undefined) continue;
    if (first.text === "auth") draft.sendWith = second?.text;
    else if (!/^\d+$/.test(first.text) || second === undefined)
      draft.diagnostics.push(about(line, first, "error", "neither auth NUMBER nor NUMBER METHOD KEY"));
    else draft.keys.push({ id: first.text, method: second.text, ...(third && { key: third.text }) });
  }
}

function readHaresources({ name, text }: HeartbeatFile, draft: Draft): void {
  for (const line of readLines(name, text, "anywhere")) {
    const [node, ...words] = line.words;
    if (node === undefined || words.length === 0) continue;
    draft.groups.push({ node: node.text.toLowerCase(), words: words.map((word) => word.text) });
    for (const word of words) {
      const reading = readWord(word.text);
      if (!reading.ok) draft.diagnostics.push(about(line, word, "error", reading.reason));
      else if (reading.resource.kind === "address" && reading.resource.interface !== undefined)
        draft.interfaces.add(reading.resource.interface);
    }
  }
}
