import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './temporary.ts';

/** The disk's behaviour from now on: see `tests/fault/shim/disk.c`. */
export type Fault =
  | 'none'
  | 'readonly'
  | 'eio-fsync'
  | 'short'
  | 'stall'
  | `full ${number}`
  | `eio-write ${number}`
  | `slow ${number}`;

/** A disk under one data directory that fails on demand. */
export interface Disk {
  readonly dataDir: string;
  /** The environment of the server. */
  readonly env: Record<string, string>;
  set(fault: Fault): void;
  /** The number of faults so far. */
  hits(): number;
}

const source = fileURLToPath(new URL('../fault/shim/disk.c', import.meta.url));

/** Compiles the shim; a string gives the reason why it can't be compiled. */
export function compileDisk(): { open(dataDir?: string): Disk } | string {
  if (process.platform !== 'linux') return `the shim is for Linux, this is ${process.platform}`;
  // Not in memory: a system may forbid execution there.
  const directory = temporaryDirectory(tmpdir());
  const library = join(directory, 'disk.so');
  const compiled = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { encoding: 'utf8' });
  if (compiled.error !== undefined) return 'there is no C compiler (cc) here';
  if (compiled.status !== 0) throw new Error(`the shim does not compile: ${compiled.stderr}`);
  let disks = 0;
  return {
    open(dataDir = temporaryDirectory()) {
      disks += 1;
      const control = join(directory, `control-${disks}`);
      const set = (fault: Fault): void => {
        // In one step: the server reads the file at every write.
        writeFileSync(`${control}.new`, fault);
        renameSync(`${control}.new`, control);
      };
      set('none');
      return {
        dataDir,
        env: { LD_PRELOAD: library, CONCORD_FAULT_CONTROL: control, CONCORD_FAULT_DIR: dataDir },
        set,
        hits: () => (existsSync(`${control}.hits`) ? statSync(`${control}.hits`).size : 0),
      };
    },
  };
}
