// Classic frames out of a serial line's bytes: whatever the bytes are cut into and whatever noise lies between them, every
// whole frame comes out as it was sent, and what is kept never grows beyond one frame.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import {
  type ClassicStream,
  emptyStream,
  LONGEST_CLASSIC,
  takePiece,
} from "../../../firmware/core/heartbeat/classic-stream.ts";
import { decodeFrame, encodeClassic, encodeNetstring } from "../../../firmware/core/heartbeat/frame.ts";
import type { Message } from "../../../firmware/core/heartbeat/message.ts";
import { latin1Bytes, latin1Text } from "../../../firmware/core/heartbeat/text.ts";

const auth = createAuthenticator({ sendWith: 1, keys: [{ id: 1, method: "sha1", key: "secretkey" }] });

/** What comes out of `pieces` put in one after the other, and what is kept and lost in the end. */
function read(pieces: readonly Uint8Array[]): { frames: string[]; stream: ClassicStream } {
  let stream = emptyStream();
  const frames: string[] = [];
  for (const piece of pieces) {
    const taken = takePiece(stream, piece);
    stream = taken.stream;
    frames.push(...taken.frames.map(latin1Text));
    expect(stream.kept.length).toBeLessThanOrEqual(LONGEST_CLASSIC);
  }
  return { frames, stream };
}

const readText = (...pieces: string[]) => read(pieces.map(latin1Bytes));

function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const end = at + (lengths[index % lengths.length] ?? 1);
    pieces.push(bytes.slice(at, end));
    at = end;
  }
  return pieces;
}

const message = (fields: Readonly<Record<string, string | Uint8Array>>): Message => ({
  fields: Object.entries(fields).map(([name, value]) => ({ name, value })),
});
const classic = (fields: Readonly<Record<string, string | Uint8Array>>) =>
  latin1Text(encodeClassic(message(fields), auth));

const A = classic({ t: "status", st: "active", src: "n1", seq: "1a" });
const B = classic({ t: "resource", rsc_hold: "local", src: "n1" });

describe("what is found", () => {
  const rows: readonly [string, readonly string[], readonly string[], number][] = [
    ["one frame in one piece", [A], [A], 0],
    ["two frames in one piece", [A + B], [A, B], 0],
    ["a frame byte by byte", [...A], [A], 0],
    ["a frame behind the second half of another one", [`st=up\nauth=1 77\n<<<\n${A}`], [A], 20],
    ["a frame behind noise without a line feed", [`\x00\xff~~${A}`], [A], 4],
    ["a frame behind noise that ends like a start mark", [`>>${A}`], [A], 2],
    [
      "a frame behind the first half of another one",
      [`>>>\nt=status\nst=${A}`],
      [`>>>\nt=status\nst=${A}`, A],
      0,
    ],
    ["a frame behind a first half that ends with its line", [`>>>\nt=status\n${A}`], [A], 13],
    ["two frames with a lost end between them", [`${A.slice(0, -5)}${B}`], [A.slice(0, -5) + B, B], 0],
    [
      "nothing in a frame whose end mark was damaged, and the next one",
      [`${A.slice(0, -4)}<<x\n${B}`],
      [B],
      A.length,
    ],
    ["an end mark without a start", ["<<<\n<<<\n"], [], 5],
    ["a start mark twice", [`>>>\n${A}`], [A], 4],
    [
      "a field that ends like a start mark",
      [">>>\ni=>>>\nauth=1 ab\n<<<\n"],
      [">>>\ni=>>>\nauth=1 ab\n<<<\n", ">>>\nauth=1 ab\n<<<\n"],
      0,
    ],
    ["an end mark inside a line", [">>>\nt=<<<\n<<<\n"], [">>>\nt=<<<\n<<<\n"], 0],
    ["nothing in an empty piece", [""], [], 0],
  ];
  test.each(rows)("%s", (_, pieces, frames, lost) => {
    const found = readText(...pieces);
    expect(found.frames).toEqual(frames);
    expect(found.stream.lost).toBe(lost);
  });

  test("of a torn frame run into a whole one, the signature lets the whole one through", () => {
    const { frames } = readText(A.slice(0, 20) + B);
    expect(frames.map((frame) => decodeFrame(latin1Bytes(frame), auth).ok)).toEqual([false, true]);
  });
});

const fieldText = fc.stringMatching(/^[ -~]{0,30}$/);
const frame = fc
  .record({ t: fieldText, info: fieldText, uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }) })
  .map((fields) => encodeClassic(message(fields), auth));
/** Noise that looks as much like the format as noise can. */
const lookalike = fc
  .array(fc.constantFrom(">", ">>>", "<<<", "\n", "=", "###\n", "%%%\n", "t=status\n", "auth=1 0\n", "\0"), {
    maxLength: 12,
  })
  .map((parts) => latin1Bytes(parts.join("")));
const netstring = fc
  .record({ t: fieldText, raw: fc.uint8Array({ maxLength: 40 }) })
  .map((fields) => encodeNetstring(message(fields), auth, { innerAuth: true }));
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  lookalike,
  netstring,
  fc.tuple(frame, fc.nat(200)).map(([bytes, length]) => bytes.slice(0, length)),
  fc.tuple(frame, fc.nat(200)).map(([bytes, length]) => bytes.slice(length)),
);
const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });

const joined = (parts: readonly Uint8Array[]) => latin1Bytes(parts.map(latin1Text).join(""));

describe("whatever the line does", () => {
  test("frames in any pieces come out exactly", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), cuts, (frames, lengths) => {
        const found = read(cut(joined(frames), lengths));
        const real = found.frames.filter((each) => decodeFrame(latin1Bytes(each), auth).ok);
        expect(real).toEqual(frames.map(latin1Text));
        expect(found.stream.lost).toBe(0);
      }),
    );
  });

  test("every whole frame comes out in its order, whatever lies before, between and behind", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, frame)), noise, cuts, (pairs, tail, lengths) => {
        const found = read(cut(joined([...pairs.flat(), tail]), lengths)).frames;
        let at = 0;
        for (const [, wanted] of pairs) {
          const next = found.indexOf(latin1Text(wanted), at);
          expect(next).toBeGreaterThanOrEqual(at);
          at = next + 1;
        }
      }),
      { numRuns: 300 },
    );
  });

  test("the same comes out whatever the pieces, and what comes out has both marks", () => {
    fc.assert(
      fc.property(fc.array(noise), cuts, (parts, lengths) => {
        const bytes = joined(parts);
        const whole = read([bytes]);
        const pieces = read(cut(bytes, lengths));
        expect(pieces.frames).toEqual(whole.frames);
        expect(pieces.stream.lost).toBe(whole.stream.lost);
        for (const each of whole.frames) expect(each).toMatch(/^>>>\n(?:[\s\S]*\n)?<<<\n$/);
      }),
      { numRuns: 300 },
    );
  });

  test("netstring frames are noise", () => {
    fc.assert(
      fc.property(fc.array(netstring), (frames) => {
        const real = read(frames).frames.filter((each) => decodeFrame(latin1Bytes(each), auth).ok);
        expect(real).toEqual([]);
      }),
    );
  });
});

describe("what never ends", () => {
  const endless = `>>>\n${"a=b\n".repeat(LONGEST_CLASSIC)}`;
  const line = `>>>\n${"x".repeat(4 * LONGEST_CLASSIC)}`;
  const rows: readonly [string, string][] = [
    ["a frame of many lines", endless],
    ["a frame of one line", line],
    ["noise without a line feed", "\0".repeat(4 * LONGEST_CLASSIC)],
    ["many frames that never end", ">>>\n".repeat(LONGEST_CLASSIC)],
    ["a frame that is too long by one byte", `>>>\n${"x".repeat(LONGEST_CLASSIC - 8)}\n<<<\n`],
  ];
  test.each(rows)("%s is given up, in one piece or many, and the next frame is found", (_, bytes) => {
    const text = bytes + A;
    for (const lengths of [[text.length], [4096], [1000, 1, 7]]) {
      const { frames } = read(cut(latin1Bytes(text), lengths));
      const real = frames.filter((each) => decodeFrame(latin1Bytes(each), auth).ok);
      expect(real).toEqual([A]);
      expect(frames.every((each) => each.length <= LONGEST_CLASSIC)).toBe(true);
    }
  });

  test("the longest frame is found", () => {
    const longest = `>>>\n${"x".repeat(LONGEST_CLASSIC - 9)}\n<<<\n`;
    expect(readText("noise", longest, A).frames).toEqual([longest, A]);
  });
});
