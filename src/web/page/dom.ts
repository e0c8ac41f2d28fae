/** Elements in one line each, and rendering that keeps the keyboard where it is. */

export type Child = Node | string | undefined | false;

/** An element with attributes (`on...`: listeners; empty or false: without), and what is in it. */
export function h(
  tag: string,
  attributes: Readonly<Record<string, string | boolean | number | undefined | ((e: Event) => void)>> = {},
  ...children: readonly Child[]
): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false && value !== '')
      element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((c): c is Node | string => c !== undefined && c !== false));
  return element;
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element ${id}`);
  return element as T;
}

/** Puts new children into an element; the one with the `data-key` of the focused one gets the focus. */
export function fill(id: string, children: readonly Child[]): void {
  const key = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
  const element = byId(id);
  element.replaceChildren(...children.filter((c): c is Node | string => c !== undefined && c !== false));
  if (key === undefined) return;
  element.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** What stands in a script element of the page. */
export const embeddedText = (id: string): string => byId(id).textContent ?? '';
