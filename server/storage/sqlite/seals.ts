import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { StoreRefused } from '../refused.ts';

/** Tables that no entry's chain covers: accounts, sessions, invitations. */
const sealedTables = ['accounts', 'sessions', 'invitations', 'accreditations'] as const;

/**
 * The plain tables have no chain, and SQLite has no checksum for rows: a flipped bit could make an administrator. So
 * each table has a seal: the hashes of its rows, combined by XOR, kept in the same transaction as the rows themselves
 * by triggers that last as long as the connection.
 *
 * It detects damage, and rows that were changed behind the server's back; it is no defence against somebody who can
 * compute a new seal. A table without a seal (an operator deleted it on purpose) is sealed as it stands.
 */
export function keepSeals(database: Database.Database): void {
  database.function('concord_fold', { varargs: true, deterministic: true }, (digest: unknown, ...row: unknown[]) =>
    fold(digest instanceof Uint8Array ? digest : none, row),
  );
  const seal = database.prepare('INSERT INTO seals (name, digest) VALUES (?, ?) ON CONFLICT (name) DO NOTHING');
  for (const name of sealedTables) {
    if (sealOf(database, name) === null) seal.run(name, digestOf(database, name));
    const columns = columnsOf(database, name);
    const row = (which: 'OLD' | 'NEW'): string => columns.map((column) => `${which}."${column}"`).join(', ');
    for (const [event, digest] of [
      ['INSERT', `concord_fold(digest, '${name}', ${row('NEW')})`],
      ['DELETE', `concord_fold(digest, '${name}', ${row('OLD')})`],
      ['UPDATE', `concord_fold(concord_fold(digest, '${name}', ${row('OLD')}), '${name}', ${row('NEW')})`],
    ] as const)
      database.exec(
        `CREATE TEMP TRIGGER seal_${name}_${event} AFTER ${event} ON main.${name}
         BEGIN UPDATE seals SET digest = ${digest} WHERE name = '${name}'; END`,
      );
  }
}

/** @throws {StoreRefused} `damaged` if a table doesn't match its seal. */
export function assertSealed(database: Database.Database, path: string): void {
  for (const name of sealedTables) {
    const seal = sealOf(database, name);
    if (seal !== null && Buffer.compare(seal, digestOf(database, name)) !== 0)
      throw new StoreRefused(
        'damaged',
        `${path} is damaged: the rows of ${name} are not those that Concord wrote. If you changed them on ` +
          `purpose: DELETE FROM seals WHERE name = '${name}'`,
      );
  }
}

const none = new Uint8Array(32);

function sealOf(database: Database.Database, name: string): Uint8Array | null {
  return database.prepare<unknown[], Uint8Array>('SELECT digest FROM seals WHERE name = ?').pluck().get(name) ?? null;
}

function digestOf(database: Database.Database, name: string): Uint8Array {
  const columns = columnsOf(database, name);
  let digest: Uint8Array = none;
  const rows = database.prepare<unknown[], Record<string, unknown>>(`SELECT * FROM main.${name}`);
  for (const row of rows.iterate()) digest = fold(digest, [name, ...columns.map((column) => row[column])]);
  return digest;
}

function columnsOf(database: Database.Database, name: string): string[] {
  return database.prepare<unknown[], string>('SELECT name FROM pragma_table_info(?) ORDER BY cid').pluck().all(name);
}

/** Adds a row, or removes it again: XOR does both. */
function fold(digest: Uint8Array, row: readonly unknown[]): Buffer {
  const hash = createHash('sha256').update(JSON.stringify(row)).digest();
  return Buffer.from(hash.map((byte, at) => byte ^ (digest[at] ?? 0)));
}
