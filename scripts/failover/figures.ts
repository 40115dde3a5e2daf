// Figures as people read them: the median of the runs with the extremes beside it, and how many times ours another one is.

export interface Figures {
  /** In the order of the runs. */
  readonly samples: readonly number[];
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function figuresOf(samples: readonly number[]): Figures {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { samples, median, min: at(0), max: at(sorted.length - 1) };
}

/** "312 (254-341)": milliseconds. */
export function inWords({ median, min, max }: Figures): string {
  return `${round(median)} (${round(min)}-${round(max)})`;
}

function round(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

/** How many times `base` the median is: " x 3.2"; nothing when either is missing. */
export function ratio(figures: Figures | undefined, base: Figures | undefined): string {
  if (figures === undefined || base === undefined || base.median === 0) return "";
  const times = figures.median / base.median;
  return ` x ${times < 10 ? times.toPrecision(2) : times.toFixed(0)}`;
}

/** A table with columns wide enough for their cells. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
