/**
 * The web explorer: a scenario step by step, forwards and backwards, with the state of the machine at every step (docs/explorer.md).
 * Here is what runs in the worker, without a browser: the session, its messages, the tables. page/ is what people see. Leaves out:
 * changes of the machine other than by the steps of a scenario.
 */
export { embedded, filled, found } from './fill.js';
export type { Answer, Moment, ObjectStory, Request, ScenarioView, TraceEntry } from './messages.js';
export { Session } from './session.js';
export type { Row, Table } from './table.js';
