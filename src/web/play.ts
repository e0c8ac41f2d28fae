/** A scenario played from its beginning to a moment. Who steps back plays again: a boot takes less time than a reader notices. */
import { SpanCollector } from '../export/timeline.js';
import {
  deathOf,
  Run,
  type RunEvent,
  type Scenario,
  ScenarioError,
  textTrace,
  whyBlocks,
  whyOf,
} from '../scenario/index.js';
import { stateDigest } from '../sim/index.js';
import type { Moment, ObjectStory, TraceEntry } from './messages.js';
import { Stories } from './stories.js';
import { changesSince, type Table } from './table.js';
import { tablesOf } from './view.js';

export class Play {
  private readonly run: Run;
  private readonly spans = new SpanCollector();
  private readonly stories: Stories;
  private readonly startNs: number;
  /** Of the last step. */
  private events: RunEvent[] = [];
  private trace: TraceEntry[] = [];
  private fromNs: number;
  private deadBefore: string | undefined;
  /** Mistake of the scenario that showed only when the step ran. */
  private mistake: string | undefined;
  private readonly text = textTrace({ print: (line) => this.lines.push(line), calls: true, color: false });
  private lines: string[] = [];

  /** Throws ScenarioError. */
  constructor(scenario: Scenario, seed?: number) {
    this.run = new Run(scenario, { seed, calls: 'all', listener: (e) => this.onEvent(e) });
    this.stories = new Stories(this.run.sim);
    this.startNs = this.run.sim.hyp.now;
    this.fromNs = this.startNs;
  }

  /** Steps done. */
  get step(): number {
    return this.run.next;
  }

  private onEvent(e: RunEvent): void {
    this.spans.add(e);
    if (e.kind === 'execute' || e.kind === 'step') return;
    this.events.push(e);
    this.lines = [];
    this.text(e);
    if (this.lines.length === 0) return;
    const { lines } = this;
    const detail = e.kind === 'call' && e.detail;
    const objects = e.kind === 'call' ? this.stories.add(e, this.run.next, lines[0].trim()) : [];
    this.trace.push({ kind: e.kind, lines, detail, objects });
  }

  private get stuck(): boolean {
    return this.run.done || this.mistake !== undefined;
  }

  private advance(): void {
    this.events = [];
    this.trace = [];
    this.fromNs = this.run.sim.hyp.now;
    this.deadBefore = deathOf(this.run.sim);
    this.stories.beginStep();
    try {
      this.run.step();
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      this.mistake = error.message;
    }
  }

  /**
   * The moment after `step` steps, more than are done, or an earlier one when the scenario ends there; then nobody knows what
   * changed in its last step.
   */
  moment(step: number): Moment {
    while (this.run.next < step - 1 && !this.stuck) this.advance();
    let before: Table[] | undefined;
    if (this.run.next < step && !this.stuck) {
      before = tablesOf(this.run.sim);
      this.advance();
    }
    return this.now(before);
  }

  story(object: number): ObjectStory | undefined {
    return this.stories.of(object);
  }

  private now(before: readonly Table[] | undefined): Moment {
    const { run, mistake } = this;
    const { sim } = run;
    const why = whyBlocks(whyOf(run, this.events, this.deadBefore));
    const tables = tablesOf(sim);
    return {
      step: run.next,
      fromNs: this.fromNs,
      nowNs: sim.hyp.now,
      trace: this.trace,
      why: mistake === undefined ? why : [...why, [mistake]],
      failed: mistake !== undefined || run.failures.length > 0,
      dead: deathOf(sim),
      tables: before === undefined ? tables : changesSince(before, tables),
      spans: this.spans.until(sim.hyp.now),
      startNs: this.startNs,
      digest: stateDigest(sim),
    };
  }
}
