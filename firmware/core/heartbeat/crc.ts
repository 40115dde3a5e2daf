// heartbeat's "crc" authentication method: the CRC of POSIX cksum (polynomial 0x04C11DB7, most significant bit first,
// initial value 0, complemented) but without cksum's trailing length, printed as hex without leading zeros.
// It detects line noise and nothing else: anybody can compute it.

const POLYNOMIAL = 0x04c11db7;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc >>> 0;
});

/** The checksum as an unsigned 32-bit number. */
export function crc32(data: Uint8Array): number {
  let crc = 0;
  for (const byte of data) crc = (crc << 8) ^ (TABLE[(crc >>> 24) ^ byte] ?? 0);
  return ~crc >>> 0;
}
