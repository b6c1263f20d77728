import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of the embedded store that others than the server's own account can read. New ones never are; those of an
 * earlier version, or from a backup, may be, and whether that is meant only the operator knows.
 */
export function openToOthers(dataDir: string): readonly string[] {
  return readdirSync(dataDir)
    .filter((name) => name.startsWith('concord.'))
    .map((name) => join(dataDir, name))
    .filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);
}
