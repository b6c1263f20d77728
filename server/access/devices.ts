import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The account that a device knows: its password's hash is the key, so that a new password forgets all devices. */
export interface Known {
  readonly id: string;
  readonly password_hash: string | null;
}

/**
 * Browsers in which somebody signed in before. Each keeps a proof, valid for that account alone and only for its own
 * count of failures: attempts from other browsers, from any number of addresses, can't shut a delegate out of a browser
 * that the delegate has used. The server stores nothing for it; only a reader of the accounts table could make such a
 * proof.
 */
export interface Devices {
  /** The id of the device, if the cookie proves that the account was signed in there. */
  find(cookieHeader: string | undefined, account: Known): string | null;
  /** The `Set-Cookie` header that makes the device known to the account, beside those it knows already. */
  remember(cookieHeader: string | undefined, account: Known): string;
}

/** Accounts that one browser may be known to: a delegation's shared computer has a few. */
const mostAccounts = 8;
const halfYear = 180 * 24 * 3600;
const proofs = /^[\w-]{22}\.[\w-]{43}(?:~[\w-]{22}\.[\w-]{43})*$/;

export function openDevices({ secure }: { readonly secure: boolean }): Devices {
  const name = secure ? '__Host-concord_device' : 'concord_device';

  const read = (cookieHeader: string | undefined): string[] => {
    for (const part of (cookieHeader ?? '').split(';')) {
      const at = part.indexOf('=');
      if (part.slice(0, at).trim() !== name) continue;
      const value = part.slice(at + 1).trim();
      return proofs.test(value) ? value.split('~').slice(0, mostAccounts) : [];
    }
    return [];
  };
  const proofOf = (device: string, { id, password_hash }: Known): string =>
    createHmac('sha256', password_hash ?? randomBytes(32))
      .update(`device ${device} of ${id}`)
      .digest('base64url');
  const provenBy = (proof: string, account: Known): string | null => {
    const [device = '', claimed = ''] = proof.split('.');
    return timingSafeEqual(Buffer.from(claimed), Buffer.from(proofOf(device, account))) ? device : null;
  };

  return {
    find(cookieHeader, account) {
      for (const proof of read(cookieHeader)) {
        const device = provenBy(proof, account);
        if (device !== null) return device;
      }
      return null;
    },
    remember(cookieHeader, account) {
      const others = read(cookieHeader).filter((proof) => provenBy(proof, account) === null);
      const known = read(cookieHeader).find((proof) => provenBy(proof, account) !== null);
      const device = randomBytes(16).toString('base64url');
      const all = [known ?? `${device}.${proofOf(device, account)}`, ...others].slice(0, mostAccounts);
      const flags = `HttpOnly; SameSite=Lax; Path=/; Max-Age=${halfYear}${secure ? '; Secure' : ''}`;
      return `${name}=${all.join('~')}; ${flags}`;
    },
  };
}
