// Bytes and text without the platform's encoders, which the core's type library (ES2023 alone) does not have.
// A frame is handled as a "byte string": one character per byte (ISO 8859-1), so that binary fields and text share one
// lossless form. UTF-8 (RFC 3629) is only for keys, which are signed with as the bytes an editor would have saved.

/** Characters per String.fromCharCode call: far below the argument limit of any engine. */
const CHUNK = 4096;

/** One character per byte; the inverse of `latin1Bytes`. */
export function latin1Text(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return characters(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += characters(bytes.subarray(at, at + CHUNK));
  return text;
}

/** By apply, which copies a typed array as a block; spreading would ask its iterator for each byte. */
function characters(bytes: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, bytes);
}

/** One byte per character. Throws RangeError on a character above U+00FF. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0xff) throw new RangeError(`character ${at} is U+${code.toString(16)}, above one byte`);
    bytes[at] = code;
  }
  return bytes;
}

/** UTF-8; a lone surrogate becomes U+FFFD as the Encoding Standard has it. */
export function utf8Bytes(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63));
      out.push(0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return Uint8Array.from(out);
}
