/** The worker's side of the page: holds one scenario, answers every request with one answer. */
import { parseScenario, type Scenario, ScenarioError, stepTitle } from '../scenario/index.js';
import type { Answer, Moment, Request } from './messages.js';
import { Play } from './play.js';

interface Loaded {
  readonly scenario: Scenario;
  readonly seed: number | undefined;
  play: Play;
  moment: Moment;
}

/** The worker of the page: one request in, one answer out. */
export class Session {
  private loaded: Loaded | undefined;

  answer(request: Request): Answer {
    if (request.kind === 'show') return this.show(request.step, request.object);
    try {
      return this.load(request.text, request.seed);
    } catch (error) {
      if (error instanceof ScenarioError) return { kind: 'error', text: error.message };
      throw error;
    }
  }

  /** Throws ScenarioError, and keeps what there was. */
  private load(text: string, seed: number | undefined): Answer {
    const scenario = parseScenario(text);
    const play = new Play(scenario, seed);
    const moment = play.moment(0);
    this.loaded = { scenario, seed, play, moment };
    const steps = scenario.steps.map((s) => ({ title: stepTitle(s), note: s.kind === 'note' }));
    return { kind: 'loaded', scenario: { name: scenario.name, about: scenario.about, steps }, moment };
  }

  private show(wanted: number, object: number | undefined): Answer {
    const { loaded } = this;
    if (loaded === undefined) return { kind: 'error', text: 'no scenario is loaded: open one' };
    const step = Math.max(0, Math.min(Math.trunc(wanted) || 0, loaded.scenario.steps.length));
    const moment = momentAt(loaded, step);
    // The scenario ends before: only who stops right there knows what changed in its last step.
    loaded.moment = moment.step < step ? momentAt(loaded, moment.step) : moment;
    const story = object === undefined ? undefined : loaded.play.story(object);
    return { kind: 'moment', moment: { ...loaded.moment, story } };
  }
}

/** The moment after `step` steps: known, further on, or in another play of the same. */
function momentAt(loaded: Loaded, step: number): Moment {
  if (step === loaded.moment.step) return loaded.moment;
  if (step <= loaded.play.step) loaded.play = new Play(loaded.scenario, loaded.seed);
  return loaded.play.moment(step);
}
