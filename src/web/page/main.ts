/** The page: holds what the reader chose, asks the worker for moments, and shows them. */
import type { Answer, Moment, Request, ScenarioView } from '../index.js';
import { byId, embeddedText, fill, h } from './dom.js';
import { type Choices, stepList, storyPanel, tablePanels, timeline, whyPanel } from './panels.js';

interface ScenarioFile {
  readonly name: string;
  readonly text: string;
  readonly seed?: number;
}

/** What there is to choose from: what the page came with, and what was opened since. */
const files = JSON.parse(embeddedText('files')) as ScenarioFile[];

const slider = byId<HTMLInputElement>('slider');
const chooser = byId<HTMLSelectElement>('chooser');
const paste = byId<HTMLDialogElement>('paste');

/** Browsers mind when the address changes with every step of a slider. */
const ADDRESS_MS = 200;
let addressing: number | undefined;

let scenario: ScenarioView | undefined;
let moment: Moment | undefined;
let file: ScenarioFile | undefined;
let choices: Choices = { details: false, changes: false, object: undefined };

/** The moment that the reader wants to see. */
let wanted = 0;
/** The file that the reader wants to see instead, and the step of it. */
let loading: { readonly file: ScenarioFile; readonly step: number } | undefined;
/** A request is under way, for this file if it loads one; the reader wanted something else since. */
let busy = false;
let asked: typeof loading;
let again = false;

const worker = new Worker(URL.createObjectURL(new Blob([embeddedText('worker')], { type: 'text/javascript' })));
worker.onmessage = (e: MessageEvent<Answer>) => answered(e.data);

function ask(): void {
  again = busy;
  if (busy) return;
  busy = true;
  document.body.ariaBusy = 'true';
  asked = loading;
  const request: Request =
    loading === undefined
      ? { kind: 'show', step: wanted, object: choices.object }
      : { kind: 'load', text: loading.file.text, seed: loading.file.seed };
  worker.postMessage(request);
}

function answered(answer: Answer): void {
  busy = false;
  byId('problem').textContent = answer.kind === 'error' ? answer.text : '';
  if (loading === asked) loading = undefined;
  if (answer.kind === 'loaded' && asked !== undefined) {
    ({ scenario } = answer);
    ({ file, step: wanted } = asked);
    choices = { ...choices, object: undefined };
    if (!files.includes(file)) addFile(file);
    again ||= wanted > 0;
  }
  if (answer.kind !== 'error') {
    ({ moment } = answer);
    if (!again) wanted = moment.step;
  }
  if (again) ask();
  render();
  document.body.ariaBusy = String(busy);
}

function addFile(added: ScenarioFile): void {
  if (!files.includes(added)) files.push(added);
  chooser.append(h('option', {}, added.name));
}

function load(from: ScenarioFile, step = 0): void {
  loading = { file: from, step };
  ask();
}

function go(step: number): void {
  if (scenario === undefined) return;
  wanted = Math.max(0, Math.min(step, scenario.steps.length));
  ask();
}

function select(object: number | undefined): void {
  choices = { ...choices, object };
  ask();
}

function render(): void {
  if (scenario === undefined || moment === undefined || file === undefined) return;
  chooser.selectedIndex = files.indexOf(file);
  const { length } = scenario.steps;
  document.title = `${scenario.name}, step ${moment.step} - Gunyah explorer`;
  byId('name').textContent = scenario.name;
  byId('about').textContent = scenario.about;
  slider.max = String(length);
  slider.value = String(wanted);
  slider.setAttribute('aria-valuetext', `step ${moment.step} of ${length}`);
  byId<HTMLButtonElement>('prev').disabled = moment.step === 0;
  byId<HTMLButtonElement>('next').disabled = moment.step === length || moment.failed;
  const boot = moment.step === 0 ? ' (after the boot)' : '';
  byId('where').textContent =
    `step ${moment.step} of ${length}${boot}, ${(moment.nowNs / 1e6).toFixed(3)} ms, state ${moment.digest}`;
  fill('steps', stepList(scenario, moment, choices, go, select));
  fill('why', whyPanel(moment));
  fill('story', storyPanel(moment.story, moment.tables, go));
  fill('tables', tablePanels(moment.tables, choices, select));
  fill('timeline', timeline(moment));
  byId('steps').querySelector('.current')?.scrollIntoView({ block: 'nearest' });
  const address = `#${encodeURIComponent(file.name)}/${moment.step}`;
  clearTimeout(addressing);
  addressing = setTimeout(() => history.replaceState(null, '', address), ADDRESS_MS);
}

/** `#two-vms/9`: a scenario and a step of it; the first one when there is none of that name. */
function fromAddress(): void {
  const [name, step] = location.hash.slice(1).split('/');
  const named = files.find((f) => encodeURIComponent(f.name) === name);
  load(named ?? files[0], named === undefined ? 0 : Number(step) || 0);
}

async function openFile(from: File | undefined): Promise<void> {
  if (from !== undefined) load({ name: from.name, text: await from.text() });
}

/** Arrows step, unless what has the focus needs them. */
function onKey(e: KeyboardEvent): void {
  const { target } = e;
  const typing =
    target instanceof HTMLElement && target.matches('input:not([type=checkbox]), select, textarea, .scroll');
  if (typing || paste.open || e.altKey || e.ctrlKey || e.metaKey) return;
  const step = { ArrowLeft: wanted - 1, ArrowRight: wanted + 1, Home: 0, End: scenario?.steps.length ?? 0 }[e.key];
  if (step !== undefined) {
    e.preventDefault();
    go(step);
  } else if (e.key === 'Escape' && choices.object !== undefined) select(undefined);
}

files.forEach(addFile);
chooser.onchange = () => load(files[chooser.selectedIndex]);
slider.oninput = () => go(Number(slider.value));
byId('prev').onclick = () => go(wanted - 1);
byId('next').onclick = () => go(wanted + 1);
const picker = byId<HTMLInputElement>('file');
picker.onchange = () => {
  void openFile(picker.files?.[0]);
  picker.value = '';
};
byId('open').onclick = () => picker.click();
byId('paste-open').onclick = () => paste.showModal();
paste.onclose = () => {
  if (paste.returnValue === 'play') load({ name: 'pasted', text: byId<HTMLTextAreaElement>('paste-text').value });
};
for (const name of ['details', 'changes'] as const) {
  const box = byId<HTMLInputElement>(name);
  box.onchange = () => {
    choices = { ...choices, [name]: box.checked };
    render();
  };
}
document.addEventListener('keydown', onKey);
document.addEventListener('dragover', (e) => e.preventDefault());
document.addEventListener('drop', (e) => {
  e.preventDefault();
  void openFile(e.dataTransfer?.files[0]);
});
addEventListener('hashchange', fromAddress);
fromAddress();
