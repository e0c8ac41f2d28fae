/** Changes of short lists in place. Loops: `splice` costs more than the few moves. */

/** Puts `added` in front of list[at]. */
export function insertAt<T>(list: T[], at: number, added: T): void {
  list.push(added);
  for (let i = list.length - 1; i > at; i--) list[i] = list[i - 1];
  list[at] = added;
}

/** Removes list[at]. */
export function removeAt<T>(list: T[], at: number): void {
  for (let i = at + 1; i < list.length; i++) list[i - 1] = list[i];
  list.pop();
}
