// Writes hwdb/schema.json from the definition in schema.ts: `node image/hwdb/json-schema.ts`.
// Kept as a file so that an editor checks a board while it is being written (yaml-language-server's `$schema` line).

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { boardJsonSchema } from "./schema.ts";

const target = join(import.meta.dirname, "..", "..", "hwdb", "schema.json");
writeFileSync(target, `${JSON.stringify(boardJsonSchema(), null, 2)}\n`);
