// How the builder tells what it is doing: every piece of work runs inside a named step, and whoever called the builder
// decides what a step looks like (a spinner, a line in a CI log, nothing in a test).

/** Runs `work` as the step `title`; `note` adds a word to it, such as a version or "cached". */
export type Step = <Result>(
  title: string,
  work: (note: (text: string) => void) => Promise<Result>,
) => Promise<Result>;

/** Steps that nobody watches. */
export const silently: Step = (_title, work) => work(() => {});
