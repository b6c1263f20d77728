import { hash, verify } from '@node-rs/argon2';
import { shortestPassword } from '../../shared/access.ts';
import { ConcordError } from '../../shared/errors.ts';

/** argon2id with OWASP's parameters: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const folded = (password: string): string => password.normalize('NFKC');

/** Throws `password-too-short`. The demo's password is exempt: it is printed anyway. */
export function requireStrong(password: string): void {
  if (folded(password).length < shortestPassword) throw new ConcordError('password-too-short');
}

export const hashPassword = (password: string): Promise<string> => hash(folded(password), parameters);

/** A hash of nothing that anybody knows: checking an unknown name takes as long as checking a wrong password. */
const nobody = hashPassword(globalThis.crypto.randomUUID());

export async function passwordFits(password: string, stored: string | null): Promise<boolean> {
  const fits = await verify(stored ?? (await nobody), folded(password)).catch(() => false);
  return fits && stored !== null;
}
