/** Placeholder for an effect in `setup({ actions })`: it only carries the type of the parameters, nothing is performed.
 *
 * @example
 * setup({ actions: { bell: effect<{ virq: number }>, halt: effect<undefined> } })
 */
export function effect<P>(_args: unknown, _params: P): void {}
