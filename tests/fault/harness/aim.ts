import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * The point at which a process kills itself, counted from the moment when the aim is set. `step` is any call of SQLite
 * or the renaming of a new database: counted from the first, it covers migration, seed and opening. `wal` is the moment
 * at which SQLite has begun to write its log back into the database; `account` the making of an account.
 */
export const Aim = z.object({
  at: z.enum(['step', 'commit', 'checkpoint', 'wal', 'account']),
  /** The first such call is 1. */
  nth: z.number().int().positive(),
  /** `during`: by another thread, so many milliseconds after the call began. */
  when: z.enum(['before', 'during', 'after']),
  delay: z.number().nonnegative(),
});
export type Aim = z.infer<typeof Aim>;

/** The environment of a process that takes its aim from a file; `trigger` is the built `trigger.ts`. */
export const aimable = (trigger: URL, file: string): Record<string, string> => ({
  NODE_OPTIONS: `--import ${trigger.href}`,
  FAULT_AIM: file,
});

export function aim(file: string, at: Aim): void {
  writeFileSync(`${file}.new`, JSON.stringify(at));
  renameSync(`${file}.new`, file);
}
export const disarm = (file: string): void => rmSync(file, { force: true });
