// Signing and checking of heartbeat frames with the keys of authkeys(5): HMAC-SHA1 and HMAC-MD5 (RFC 2104) in lower-case
// hex, and crc, which protects against noise only. What is sent carries one key's id; what is received may carry any
// configured id, so that keys can be replaced on one node after the other. A crc key among them lets anybody in.

import { hmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import type { AuthConfig, AuthKey } from "../config/cluster.ts";
import { crc32 } from "./crc.ts";
import { utf8Bytes } from "./text.ts";

export interface Signature {
  /** The id of the key, 0 to 15. */
  readonly id: number;
  /** Lower-case hex; crc without leading zeros. */
  readonly digest: string;
}

export interface Authenticator {
  /** Signs with the sending key. */
  sign(data: Uint8Array): Signature;
  /** False for an unknown id as for a wrong digest. */
  verify(id: number, digest: string, data: Uint8Array): boolean;
}

type Digest = (data: Uint8Array) => string;

/** Throws on a configuration that validation should have refused: no such sending key, a key twice, a missing secret. */
export function createAuthenticator(config: AuthConfig): Authenticator {
  const digests = new Map<number, Digest>();
  for (const key of config.keys) {
    if (digests.has(key.id)) throw new Error(`auth key ${key.id} is defined twice`);
    digests.set(key.id, digestOf(key));
  }
  const send = digests.get(config.sendWith);
  if (send === undefined) throw new Error(`auth key ${config.sendWith}, which signs, is not among the keys`);
  return {
    sign: (data) => ({ id: config.sendWith, digest: send(data) }),
    verify: (id, digest, data) => {
      const expected = digests.get(id)?.(data);
      return expected !== undefined && equalInConstantTime(expected, digest);
    },
  };
}

function digestOf({ id, method, key }: AuthKey): Digest {
  if (!Number.isInteger(id) || id < 0 || id > 15) throw new Error(`auth key id ${id} is not in 0 to 15`);
  if (method === "crc") {
    if (key !== undefined) throw new Error(`auth key ${id} is crc, which takes no key text`);
    return (data) => crc32(data).toString(16);
  }
  if (key === undefined || key === "") throw new Error(`auth key ${id} is ${method} and has no key text`);
  // The two padded key blocks are hashed once, here; each frame starts from a copy.
  const keyed = hmac.create(method === "sha1" ? sha1 : md5, utf8Bytes(key));
  return (data) => hex(keyed.clone().update(data).digest());
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The time taken tells the length of the expected digest, which is no secret, and nothing about its characters. */
function equalInConstantTime(expected: string, given: string): boolean {
  let difference = expected.length ^ given.length;
  for (let at = 0; at < expected.length; at++) {
    difference |= expected.charCodeAt(at) ^ (at < given.length ? given.charCodeAt(at) : 0);
  }
  return difference === 0;
}
