// Gratuitous ARP for what this node holds: both forms (RFC 5227 §3 request, RFC 826 unsolicited reply) at once and again
// on a schedule, because a switch that relearns or a busy router may miss the first ones, and some hosts heed only one
// form. heartbeat sent 20 packets 250 ms apart; the doubling intervals here reach as far with less.

import type { Action, WantedAddress } from "../action.ts";
import type { Address } from "../config/cluster.ts";
import { earliest } from "../time.ts";

/** Milliseconds after the acquisition. */
export const SCHEDULE: readonly number[] = [0, 250, 500, 1000, 2000, 4000, 8000];

interface Announcement {
  readonly since: number;
  /** Index into SCHEDULE of the next one; its length when all were sent. */
  readonly next: number;
}

/** By address: everything held, announced completely or not yet. */
export type Announcements = ReadonlyMap<Address, Announcement>;

/** Starts what is newly held, drops what is no longer held. The same value when nothing changed. */
export function follow(announcements: Announcements, held: readonly Address[], now: number): Announcements {
  if (held.length === announcements.size && held.every((address) => announcements.has(address))) {
    return announcements;
  }
  return new Map(held.map((address) => [address, announcements.get(address) ?? { since: now, next: 0 }]));
}

/** Starts the schedule anew for the addresses given, as far as they are held. */
export function announceAgain(
  announcements: Announcements,
  addresses: Iterable<Address>,
  now: number,
): Announcements {
  const next = new Map(announcements);
  for (const address of addresses) if (next.has(address)) next.set(address, { since: now, next: 0 });
  return next;
}

export function nextAnnouncement(announcements: Announcements): number | undefined {
  return earliest([...announcements.values()].map(dueAt).filter((at) => at !== undefined));
}

/** The packets that are due at `now`. However late it is, no more than one round is sent for each address. */
export function announceDue(
  announcements: Announcements,
  wanted: readonly WantedAddress[],
  now: number,
): { readonly announcements: Announcements; readonly actions: readonly Action[] } {
  const next = new Map(announcements);
  const actions: Action[] = [];
  for (const { address, interface: name } of wanted) {
    const announcement = announcements.get(address);
    const at = announcement && dueAt(announcement);
    if (announcement === undefined || at === undefined || at > now) continue;
    const later = SCHEDULE.findIndex((offset) => announcement.since + offset > now);
    next.set(address, { ...announcement, next: later < 0 ? SCHEDULE.length : later });
    for (const form of ["request", "reply"] as const) {
      actions.push({ type: "announce", interface: name, address, form });
    }
  }
  return actions.length === 0 ? { announcements, actions } : { announcements: next, actions };
}

function dueAt({ since, next }: Announcement): number | undefined {
  const offset = SCHEDULE[next];
  return offset === undefined ? undefined : since + offset;
}
