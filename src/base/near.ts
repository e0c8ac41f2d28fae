/** Levenshtein distance of two words, whatever their case. */
function distance(one: string, other: string): number {
  const a = one.toLowerCase();
  const b = other.toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

/** The name that was probably meant by a mistyped word; undefined when none is near. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  // Two letters off is another word where there are only two.
  let least = word.length <= 2 ? 1 : Math.max(2, word.length / 4);
  for (const name of names) {
    const d = distance(word, name);
    if (d > least || (d === least && best !== undefined)) continue;
    best = name;
    least = d;
  }
  return best;
}
