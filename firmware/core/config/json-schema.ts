// The JSON Schema (draft 2020-12) of the cluster file, for editors: completion, descriptions, first mistakes.

import * as z from "zod";
import { clusterFile } from "./schema.ts";

export function clusterFileJsonSchema(): object {
  return z.toJSONSchema(clusterFile, { target: "draft-2020-12", io: "input" });
}
