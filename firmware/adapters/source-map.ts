// Stack traces of the one binary in the words of the source: file and line of the TypeScript, not of the bundle.
// Node's own --enable-source-maps does not reach the main script of a single executable application, so the map
// travels as an asset and V8's stack trace API (https://v8.dev/docs/stack-trace-api) rewrites the frames.

import { SourceMap } from "node:module";
import { getAsset, isSea } from "node:sea";

/** Names within the single executable application; image/binary/sea.ts puts them there. */
export const bundleName = "pulsebox.cjs";
export const sourceMapAsset = "pulsebox.cjs.map";

/**
 * From now on stack traces name source files. Outside the one binary nothing changes: Node runs the source there.
 * The map is parsed with the first stack trace that is looked at, not at start.
 */
export function installSourceMap(): void {
  if (!isSea()) return;
  let map: SourceMap | undefined;
  Error.prepareStackTrace = (error, frames) => {
    map ??= new SourceMap(JSON.parse(getAsset(sourceMapAsset, "utf8")));
    const lines = [String(error)];
    for (const frame of frames) lines.push(`    at ${describe(frame, map)}`);
    return lines.join("\n");
  };
}

function describe(frame: NodeJS.CallSite, map: SourceMap): string {
  const text = String(frame);
  const file = frame.getFileName();
  if (file === null || file === undefined || !file.endsWith(bundleName)) return text;
  const origin = map.findOrigin(frame.getLineNumber() ?? 0, frame.getColumnNumber() ?? 0);
  if (!("fileName" in origin) || origin.fileName === undefined) return text;
  const bundled = `${file}:${frame.getLineNumber()}:${frame.getColumnNumber()}`;
  return text.replace(bundled, `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`);
}
