/**
 * The command line in one file, and V8's code cache beside it: reading and compiling hundreds of modules took three quarters of the
 * time to the first reply. `npm run build` makes both (tools/bundle.ts). The cache serves the version of node that made it; another
 * one compiles the bundle anew, which is only slower. A bundle older than what the compiler did last is left alone.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** What stands around the bundle's text: it is one function. Its last parameter stands for `import.meta.url` of the modules. */
export const PROLOGUE = '(function (require, module, exports, __moduleUrl) {';
export const EPILOGUE = '})';
export const BUNDLE_NAME = 'bundle.cjs';
/** The bundle ends with so many characters that name its contents; its cache begins with the same. V8 compares lengths only. */
export const MARK_LENGTH = 16;
/** The compiler writes it after every change to any module, from the bundle's folder. */
export const COMPILED = '../../tsconfig.build.tsbuildinfo';

export interface Bundle {
  readonly script: Script;
  readonly program: typeof import('./program.js');
}

function contents(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Modules have been compiled since the bundle was made of them: by the compiler alone. */
function isStale(bundle: URL): boolean {
  const made = statSync(bundle, { throwIfNoEntry: false });
  const compiled = statSync(new URL(COMPILED, bundle), { throwIfNoEntry: false });
  return made !== undefined && compiled !== undefined && compiled.mtimeMs > made.mtimeMs;
}

/** The bundle in the folder of `besideUrl`; undefined: there is none, or it is out of date. */
export function loadBundle(besideUrl: string): Bundle | undefined {
  const url = new URL(BUNDLE_NAME, besideUrl);
  const filename = fileURLToPath(url);
  const text = contents(filename);
  if (text === undefined || isStale(url)) return undefined;
  const cache = contents(`${filename}.cache`);
  const fits = cache?.subarray(0, MARK_LENGTH).equals(text.subarray(-MARK_LENGTH)) === true;
  const script = new Script(text.toString('latin1'), {
    filename,
    cachedData: fits ? cache.subarray(MARK_LENGTH) : undefined,
  });
  const module = { exports: {} as Bundle['program'] };
  script.runInThisContext()(createRequire(url), module, module.exports, url.href);
  return { script, program: module.exports };
}
