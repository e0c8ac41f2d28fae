/**
 * What RM's code could answer, and what of it no client can bring about on this platform, with the check that would answer and
 * why it never does. Derived from the rules of `spec/messages.toml` (fact base: rm-rpc-messages) and from reading every handler
 * of `src/rm`; not from what was seen. A test holds it true both ways: every pair is either reached by the corpus or named
 * here, and what is named here is never reached.
 */
import { MESSAGE_EXPLANATIONS } from '../protocol/explain-data.js';

export interface AnswerReason {
  readonly message: RegExp;
  readonly answer: string;
  /** Numbers of the rules that give the answer: `spec/messages.toml`, `check`. Empty: a line of RM without a rule. */
  readonly rules: readonly string[];
  readonly why: string;
}

const heap = "RM's heap is not modelled: it would have to be full (rm-rpc-transport 8)";
const noDevices = 'device memory stays with RM, so that no client can make a parcel of type IO (platform-qemu 5)';
const alive = 'requests come from VMs that have a record';

export const UNREACHABLE_ANSWERS: readonly AnswerReason[] = [
  { message: /^VM_ALLOCATE$/, answer: 'NOMEM', rules: ['4'], why: heap },
  {
    message: /^VM_START$/,
    answer: 'ARGUMENT_INVALID',
    rules: ['7f'],
    why: 'VM_CONFIG_IMAGE sets both offsets to the same value and nothing changes one of them',
  },
  {
    message: /^VM_GET_ID$/,
    answer: 'VALIDATE_FAILED',
    rules: ['5'],
    why: 'nothing of this source ever sets a signer: the authority is always "N/A"',
  },
  { message: /^(VM_GET_ID|VM_GET_CRASH_MSG|VM_SET_CRASH_MSG)$/, answer: 'NOMEM', rules: ['6', '4'], why: heap },
  {
    message: /^VM_SET_TIME_BASE$/,
    answer: 'OK',
    rules: ['5'],
    why: 'the platform has no virtual clock: the last check always refuses',
  },
  { message: /^VM_SET_STATUS$/, answer: 'NORESOURCE', rules: ['3'], why: alive },
  {
    message: /^VM_EXIT$/,
    answer: 'ARGUMENT_INVALID',
    rules: ['2'],
    why: 'VM_INIT refuses a tree with crash-fatal because no VM of this platform is trusted: such a VM never runs (rm-boot-and-dt 6.1)',
  },
  {
    message: /^VM_CONFIG_IMAGE$/,
    answer: 'NOMEM',
    rules: ['9', '10', '12'],
    why: `${heap}; the root partition has room for the objects of all 63 VMs`,
  },
  { message: /^MEM_(DONATE|LEND|SHARE)$/, answer: 'NOMEM', rules: ['7', '8'], why: heap },
  {
    message: /^MEM_(DONATE|LEND)$/,
    answer: 'MAP_FAILED',
    rules: ['12c'],
    why: 'only a SHARE maps anything for its owner',
  },
  {
    message: /^MEM_(SHARE|APPEND)$/,
    answer: 'MAP_FAILED',
    rules: ['12c', '7c'],
    why: "the owner's mapping was found just before, and it is the first of the parcel's extent: the hypervisor has room for four",
  },
  { message: /^MEM_(APPEND|RELEASE|RECLAIM)$/, answer: 'VMID_INVALID', rules: [], why: alive },
  { message: /^MEM_ACCEPT$/, answer: 'NOMEM', rules: ['3', '15'], why: heap },
  {
    message: /^MEM_RELEASE$/,
    answer: 'MAP_FAILED',
    rules: ['8'],
    why: 'the hypervisor finds what it has mapped itself, at the recorded address',
  },
  { message: /^MEM_RECLAIM$/, answer: 'ARGUMENT_INVALID', rules: ['6'], why: noDevices },
  {
    message: /^FW_SET_VM_FIRMWARE$/,
    answer: 'NORESOURCE',
    rules: ['9c'],
    why: 'RM has 64 GiB of addresses, the primary VM 1 GiB of memory to donate',
  },
  {
    message: /^FW_SET_VM_FIRMWARE$/,
    answer: 'MEM_INVALID',
    rules: [],
    why: 'RM reserves no addresses for itself, and the hypervisor moves what the parcel owns',
  },
  {
    message: /^FW_SET_VM_FIRMWARE$/,
    answer: 'MAP_FAILED',
    rules: [],
    why: "RM's own extent is mapped in no space but RM's",
  },
  { message: /^VM_GET_HYP_RESOURCES$/, answer: 'NOMEM', rules: ['2'], why: heap },
  { message: /^VM_IRQ_(LEND|ACCEPT)$/, answer: 'NOMEM', rules: ['6', '5a'], why: heap },
  {
    message: /^VM_IRQ_RELEASE$/,
    answer: 'ARGUMENT_INVALID',
    rules: ['5'],
    why: 'an accepted loan stays bound at its number until it is released or its borrower is reset',
  },
  { message: /^IPA_RESERVE$/, answer: 'NOMEM', rules: ['7'], why: heap },
];

/** Transitions and guard outcomes of the state machines that no sequence of requests takes, by name, and why. */
export const UNREACHABLE_TRANSITIONS: Readonly<Record<string, readonly (readonly [name: RegExp, why: string])[]>> = {
  'vm-life': [
    [/^auth FAIL/, 'the platform authenticates every image (rm-rpc-messages 2.2)'],
    [/\[mayReset\].*: false$/, 'VM_RESET refuses a VM marked no-reset before it looks at the state (rm.VM_RESET.4)'],
  ],
  'object-life': [
    [/FAIL|^failed/, 'RM configures what it creates so that it can be activated; test/hyp has activations that fail'],
    [/^init DESTROY/, 'RM activates what it creates at once'],
  ],
  'rm-process': [[/^booting DIE/, 'the fuzzer starts from a booted machine']],
  'vcpu-proxy': [
    [/vmmio/i, 'nobody holds the right to add VMMIO ranges to the space of a VM (capabilities 5)'],
    [/fault/i, "the fuzzer's guests take their exceptions: a fault needs a guest without vectors; test/vcpu has one"],
    [/blocked/i, 'RM kills a VM and waits for the end without giving the primary VM the CPU'],
  ],
};

const named = (message: string, answer: string): AnswerReason | undefined =>
  UNREACHABLE_ANSWERS.find((r) => r.answer === answer && r.message.test(message));

/** One answer of one request. */
export interface Pair {
  readonly message: string;
  readonly answer: string;
  /** Why no client gets it; undefined: the corpus gets it. */
  readonly why: string | undefined;
}

/** The rules of a message that give an answer: text, id and source. */
function ruleText(message: string, reason: AnswerReason): string {
  const m = MESSAGE_EXPLANATIONS.find((x) => x.kind === 'request' && x.name === message);
  const rules = (m?.rules ?? []).filter((r) => reason.rules.some((n) => r.id === `rm.${message}.${n}`));
  const first = rules.find((r) => r.errors.includes(reason.answer)) ?? rules[0];
  const source = m?.source.split(';')[0] ?? '';
  return first === undefined ? `no rule, ${source}` : `${first.id}: ${first.text}; ${source}`;
}

/** Every answer that RM's code has for every request of the specification, in the order of its checks. */
export function answerPairs(): Pair[] {
  const pairs: Pair[] = [];
  for (const m of MESSAGE_EXPLANATIONS) {
    if (m.kind !== 'request') continue;
    const answers = new Set(m.rules.flatMap((rule) => [...rule.errors]));
    if (!answers.has('UNIMPLEMENTED') || m.rules.length > 1) answers.add('OK');
    // Lines of RM that no rule stands for.
    for (const r of UNREACHABLE_ANSWERS) if (r.rules.length === 0 && r.message.test(m.name)) answers.add(r.answer);
    for (const answer of answers) {
      const reason = named(m.name, answer);
      const why = reason === undefined ? undefined : `${reason.why} [${ruleText(m.name, reason)}]`;
      pairs.push({ message: m.name, answer, why });
    }
  }
  return pairs;
}

/** Why a transition or guard outcome of a machine is never taken; undefined: it is. */
export const whyNotTaken = (machine: string, name: string): string | undefined =>
  UNREACHABLE_TRANSITIONS[machine]?.find(([pattern]) => pattern.test(name))?.[1];
