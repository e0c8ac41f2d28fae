/** What a table has under a name that somebody wrote. Nothing for names that every object knows, as `constructor`. */
export const named = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
