// The one date that is written into the image wherever a format wants one (ISO 9660, FAT, cpio). It carries no
// information: the version does. A constant, so that an image depends neither on the clock nor on the checkout;
// the environment may set another (reproducible-builds.org/specs/source-date-epoch).

/** Seconds since 1970-01-01T00:00:00Z: 2026-01-01. */
export const SOURCE_DATE_EPOCH = readEpoch(process.env.SOURCE_DATE_EPOCH) ?? 1_767_225_600;

function readEpoch(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}
