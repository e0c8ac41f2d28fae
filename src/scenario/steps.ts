/**
 * The steps of a scenario: what each may contain, and what it does. A step is checked by running `check` with placeholder
 * variables before anything executes, so that a mistake in the last line costs nothing.
 */

import { hvc, smccc } from './step-calls.js';
import { interfere } from './step-interfere.js';
import type { StepKind } from './step-kind.js';
import { peek, write } from './step-memory.js';
import { notifications, receive, rpc, send } from './step-rpc.js';
import { dead, irqs, note, raise, wait, wfi, yieldStep } from './step-time.js';
import { guest, vcpuRun } from './step-vcpu.js';
import type { JsonObject } from './values.js';

export type { StepKind } from './step-kind.js';

export const STEP_KINDS: Readonly<Record<string, StepKind>> = {
  rpc,
  notifications,
  send,
  receive,
  hvc,
  smccc,
  write,
  peek,
  vcpu_run: vcpuRun,
  guest,
  irqs,
  raise,
  yield: yieldStep,
  wait,
  wfi,
  note,
  interfere,
  dead,
};

/** What the step does, in a few words; for a note, the note. */
export const stepTitle = (step: { kind: string; json: JsonObject }): string => STEP_KINDS[step.kind].title(step.json);
