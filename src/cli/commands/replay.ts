/** `replay FILE`: does the inputs of a recording again and compares the state at every checkpoint. */
import { counted, hex, lo32 } from '../../base/index.js';
import { Platform, SMCCC_NAMES } from '../../protocol/index.js';
import { callText } from '../../scenario/index.js';
import { type Input, readRecording, replayRecording, specHash } from '../../sim/index.js';
import { CliError, Exit } from '../errors.js';
import { packageVersion, readInput } from '../files.js';
import { type GlobalOptions, print, printJson } from '../output.js';

interface ReplayOptions extends GlobalOptions {
  /** List the inputs. */
  readonly inputs?: boolean;
}

/** Recordings carry the whole SimOptions; the seed is in there. */
export function replay(file: string, options: ReplayOptions): Exit {
  const recording = readRecording(readInput(file));
  if (typeof recording === 'string')
    throw new CliError(`${file}: ${recording}: make one with "run --record" or "serve --record"`, Exit.INPUT);
  const { header } = recording;
  const warnings: string[] = [];
  if (header.spec !== specHash())
    warnings.push('recorded with another version of the protocol: differences are likely');
  if (header.version !== packageVersion())
    warnings.push(`recorded by version ${header.version}, this is ${packageVersion()}`);
  if (recording.end !== 'whole') warnings.push(END_WARNINGS[recording.end]);
  const list = options.inputs === true && options.json !== true;
  const result = replayRecording(recording, list ? (sim, input) => print(inputLine(sim.hyp.now, input)) : undefined);
  const verdict = result.difference !== undefined ? 'different' : result.compared > 0 ? 'same' : 'nothing compared';
  const ok = verdict === 'same' && recording.end !== 'damaged';
  if (options.json === true)
    printJson({ ...header, complete: recording.complete, end: recording.end, verdict, ok, ...result, warnings });
  else {
    for (const w of warnings) process.stderr.write(`warning: ${file}: ${w}\n`);
    const what = `${counted(result.inputs, 'input')}, ${counted(result.compared, 'state')} compared, ${(result.at / 1e6).toFixed(3)} ms of virtual time, seed ${header.options.seed ?? 1}`;
    const d = result.difference;
    const words =
      d !== undefined
        ? `DIFFERENT after ${counted(d.inputs, 'input')}: digest ${d.found}, recorded ${d.expected}`
        : verdict === 'same'
          ? `same run${UP_TO[recording.end]}`
          : 'NOTHING COMPARED: there is no checkpoint before its end';
    print(`${header.about}: ${words} (${what})`);
  }
  return verdict === 'different' ? Exit.FAILED : ok ? Exit.OK : Exit.INPUT;
}

const END_WARNINGS = {
  cut: 'the recording is cut off: replayed up to the cut',
  damaged: 'the recording is damaged: replayed up to the damage',
} as const;

const UP_TO = { whole: '', cut: ' up to the cut', damaged: ' up to the damage' } as const;

/** A call by its name where it has one: of the hypervisor, or of the SMC calling convention (immediate 0). */
function inputCall(imm: number, x: readonly bigint[]): string {
  const native = callText(imm - Platform.HYPERCALL_BASE, x);
  if (native !== undefined) return native;
  const name = imm === 0 ? SMCCC_NAMES[lo32(x[0])] : undefined;
  const args = x.map(hex).join(', ');
  return name === undefined ? `#${hex(imm)} ${args}` : `${name} ${args}`;
}

/** A system register as assemblers write it; the bits are those of the instruction. */
const registerText = (enc: number): string =>
  `S${enc >> 14}_${(enc >> 11) & 7}_C${(enc >> 7) & 15}_C${(enc >> 3) & 15}_${enc & 7}`;

function inputLine(at: number, input: Input): string {
  const head = `${(at / 1e6).toFixed(3).padStart(10)} ms  ${input.op}`;
  switch (input.op) {
    case 'hvc':
      return `${head} ${inputCall(input.imm, input.x)}`;
    case 'call':
      return `${head} ${input.conduit === 'smc' ? 'SMC ' : ''}${inputCall(input.imm, input.x)}`;
    case 'write':
      return `${head} ${hex(input.ipa)}, ${counted(input.bytes.length, 'byte')}`;
    case 'access':
      return `${head} ${input.write ? `store ${hex(input.value)} to` : 'load'} ${hex(input.ipa)} (${counted(input.size, 'byte')})`;
    case 'rdreg':
      return `${head} ${registerText(input.enc)}`;
    case 'wrreg':
      return `${head} ${registerText(input.enc)} = ${hex(input.value)}`;
    case 'raise':
      return `${head} ${input.intid}`;
    case 'spin':
      return `${head} ${input.ns} ns`;
    default:
      return head;
  }
}
