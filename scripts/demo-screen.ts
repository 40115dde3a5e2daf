// The demo's screen: both directors and the client, drawn over itself on a terminal, as plain lines elsewhere.

import type { ConsoleLine, Guest } from "../test/support/guest.ts";

/** What a director is doing, read off its console: the last row whose words were seen. */
const stages: readonly (readonly [RegExp, string])[] = [
  [/loading/i, "boot loader"],
  [/Linux version/, "kernel starting"],
  [/This box is passive/, "passive: no usable cluster file"],
  [/this box is node/, "knows which node it is"],
  [/Status update for node \S+: status active/, "hears its peer"],
  [/is dead/, "peer is dead"],
];

export interface Seat {
  readonly name: string;
  readonly boots: string;
  guest: Guest | undefined;
}

export interface ClientView {
  readonly address: string;
  answering(): boolean;
  owner(): string | undefined;
}

const stageOf = (lines: readonly ConsoleLine[]): string => {
  let stage = "firmware";
  for (const { text } of lines) for (const [words, name] of stages) if (words.test(text)) stage = name;
  return stage;
};

function seatRows(seat: Seat, view: ClientView, width: number): string[] {
  const { guest } = seat;
  const powered = guest?.running === true;
  const role = powered && view.owner() === seat.name ? `OWNS ${view.address}` : "";
  const state = powered && guest !== undefined ? stageOf(guest.lines) : "no power";
  const tail =
    powered && guest !== undefined ? guest.lines.filter((line) => line.text.trim() !== "").slice(-6) : [];
  const head = `${seat.name} (${seat.boots})   ${state}   ${role}`;
  return [
    head,
    ...tail.map((line) => `   ${(line.at / 1000).toFixed(1).padStart(6)}  ${line.text}`.slice(0, width - 1)),
    "",
  ];
}

export class Screen {
  readonly #seats: readonly Seat[];
  readonly #view: ClientView;
  readonly #terminal = process.stdout.isTTY === true;
  readonly #story: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(seats: readonly Seat[], view: ClientView) {
    this.#seats = seats;
    this.#view = view;
  }

  start(): void {
    if (this.#terminal) this.#timer = setInterval(() => this.#draw(), 250);
  }

  /** One line of the story, kept on the screen. */
  tell(words: string): void {
    this.#story.push(words);
    if (!this.#terminal) console.log(`== ${words}`);
  }

  /** On a terminal the screen shows the consoles; elsewhere each line is printed. */
  follow(seat: Seat): void {
    if (this.#terminal) return;
    seat.guest?.onLine((line) =>
      console.log(`${seat.name} ${(line.at / 1000).toFixed(1).padStart(6)}  ${line.text}`),
    );
  }

  stop(): void {
    clearInterval(this.#timer);
    if (!this.#terminal) return;
    this.#draw();
    process.stdout.write("\n");
  }

  #draw(): void {
    const width = process.stdout.columns || 80;
    const client = `client   ${this.#view.address} ${this.#view.answering() ? "answers" : "DOES NOT ANSWER"}`;
    const rows = [
      ...this.#seats.flatMap((seat) => seatRows(seat, this.#view, width)),
      client,
      "",
      ...this.#story,
    ];
    process.stdout.write(`\u001b[H\u001b[2J${rows.slice(-(process.stdout.rows || 40)).join("\n")}\n`);
  }
}
