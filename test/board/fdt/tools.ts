/** The device tree tools of the distribution, run on files in a temporary folder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tools {
  /** Compiles source text. */
  dtc(source: string): Uint8Array;
  /** The tree as normalised source text. */
  decompile(blob: Uint8Array): string;
  /** A property as `fdtget` prints it; `type` as in its `-t`. */
  fdtget(blob: Uint8Array, node: string, prop: string, type: string): string;
  fdtoverlay(base: Uint8Array, overlay: Uint8Array): Uint8Array;
  remove(): void;
}

export function tools(): Tools {
  const dir = mkdtempSync(join(tmpdir(), 'fdt-'));
  const file = (name: string, bytes: Uint8Array | string): string => {
    const path = join(dir, name);
    writeFileSync(path, bytes);
    return path;
  };
  const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'latin1' });
  const out = join(dir, 'out');
  const read = (): Uint8Array => new Uint8Array(readFileSync(out));
  return {
    dtc(source) {
      run('dtc', '-q', '-I', 'dts', '-O', 'dtb', '-@', '-o', out, file('in.dts', source));
      return read();
    },
    decompile: (blob) => run('dtc', '-q', '-I', 'dtb', '-O', 'dts', file('in.dtb', blob)),
    fdtget: (blob, node, prop, type) => run('fdtget', '-t', type, file('in.dtb', blob), node, prop).trim(),
    fdtoverlay(base, overlay) {
      run('fdtoverlay', '-i', file('base.dtb', base), '-o', out, file('overlay.dtbo', overlay));
      return read();
    },
    remove: () => rmSync(dir, { recursive: true }),
  };
}
