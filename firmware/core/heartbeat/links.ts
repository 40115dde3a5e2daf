// The links of a peer, one for each medium: up since a frame of that peer came over it, dead when none came for the
// peer's deadtime. A link decides nothing by itself; the peer is dead only when no medium brings anything new.

export interface Link {
  readonly up: boolean;
  /** When the last valid frame came, monotonic milliseconds. */
  readonly lastHeard?: number;
}

/** By medium id, in the order of the node's media. */
export type Links = ReadonlyMap<string, Link>;

export function createLinks(media: readonly { readonly id: string }[]): Links {
  return new Map(media.map(({ id }) => [id, { up: false }]));
}

export function linkHeard(links: Links, medium: string, now: number): Links {
  return new Map(links).set(medium, { up: true, lastHeard: now });
}

/** The media whose link is up and has been silent for `deadtime` ms at `now`. */
export function silentLinks(links: Links, deadtime: number, now: number): readonly string[] {
  return [...links]
    .filter(([, link]) => link.up && deadlineOf(link, deadtime) <= now)
    .map(([medium]) => medium);
}

export function linksDown(links: Links, media: readonly string[]): Links {
  const next = new Map(links);
  for (const medium of media) {
    const link = links.get(medium);
    if (link !== undefined) next.set(medium, { ...link, up: false });
  }
  return next;
}

/** When the next link will have been silent too long, not before `graceUntil`; undefined when none is up. */
export function linkDeadline(links: Links, deadtime: number, graceUntil: number): number | undefined {
  const up = [...links.values()].filter((link) => link.up).map((link) => deadlineOf(link, deadtime));
  return up.length === 0 ? undefined : Math.max(graceUntil, Math.min(...up));
}

function deadlineOf(link: Link, deadtime: number): number {
  return (link.lastHeard ?? 0) + deadtime;
}
