import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of the embedded store that other accounts can read. New files are private; files of an earlier version, or
 * from a backup, may not be, and only the operator knows whether that is meant.
 */
export function openToOthers(dataDir: string): readonly string[] {
  return readdirSync(dataDir)
    .filter((name) => name.startsWith('concord.'))
    .map((name) => join(dataDir, name))
    .filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);
}
