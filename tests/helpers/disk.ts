import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './temporary.ts';

/** What the disk does from now on: see `tests/fault/shim/disk.c`. */
export type Fault =
  | 'none'
  | 'readonly'
  | 'eio-fsync'
  | 'short'
  | 'stall'
  | `full ${number}`
  | `eio-write ${number}`
  | `slow ${number}`;

/** A disk under one data directory that fails when it is told to. */
export interface Disk {
  readonly dataDir: string;
  /** For the server that is to have it. */
  readonly env: Record<string, string>;
  set(fault: Fault): void;
  /** How many faults were met so far. */
  hits(): number;
}

const source = fileURLToPath(new URL('../fault/shim/disk.c', import.meta.url));

/** Compiles the shim; a string says why it can't be had. */
export function compileDisk(): { open(dataDir?: string): Disk } | string {
  if (process.platform !== 'linux') return `the shim is for Linux, this is ${process.platform}`;
  // Not in memory: a system may forbid to run what is there.
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
        // All at once: the server reads it at every write.
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
