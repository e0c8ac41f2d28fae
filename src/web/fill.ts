/** The page is one file; what it works with stands in its script elements. */

const element = (id: string): RegExp => new RegExp(`(<script[^>]* id="${id}"[^>]*>)([^<]*)(</script>)`);

/** What stands in the script element `id` of `html`. Throws when there is none. */
export function found(html: string, id: string): string {
  const text = element(id).exec(html)?.[2];
  if (text === undefined) throw new Error(`the page has no script element ${id}`);
  return text;
}

/** JSON that an HTML parser leaves alone. */
export const embedded = (value: unknown): string => JSON.stringify(value ?? null).replaceAll('<', '\\u003c');

/** What an HTML parser takes for the end of a script element, or for a comment in it. */
const UNSAFE = /<\/script|<!--/i;

/** `html` with `text` in its script element `id`, which is empty or holds JSON. Throws when there is none, or the text cannot be there. */
export function filled(html: string, id: string, text: string): string {
  found(html, id);
  if (UNSAFE.test(text)) throw new Error(`${id}: ${UNSAFE.exec(text)?.[0]} cannot stand in a script element`);
  return html.replace(element(id), (_all, begin: string, _old, end: string) => begin + text + end);
}
