// Pieces of a cluster file inside a message: quoted, short, and without characters that would act on a terminal.

const longest = 60;

/** The text in double quotes; control characters escaped, the middle of a long text left out. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  const characters = [...escaped];
  if (characters.length <= longest) return escaped;
  return `${characters.slice(0, longest - 20).join("")}…${characters.slice(-19).join("")}`;
}

/** "a", "a or b", "a, b or c". */
export function alternatives(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}
