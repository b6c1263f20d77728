import { isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * The address under which failed attempts are counted. Behind a proxy it is the last one in `X-Forwarded-For`; anybody
 * may have written those before it. An invalid or missing address counts as the other end of the socket.
 */
export function addressOf(forwardedFor: string | undefined, socket: string, behindProxy: boolean): string {
  const named = behindProxy ? bare(forwardedFor?.split(',').at(-1)?.trim() ?? '') : '';
  return networkOf(isIP(named) === 0 ? socket : named);
}

/** Some proxies name the port too: `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
function bare(named: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(named)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^([\d.]+):\d+$/.exec(named)?.[1] ?? named;
}

/**
 * The owner of an IPv6 network has 2^64 addresses: they count as one. An IPv4 address written as IPv6 is that IPv4
 * address.
 */
function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(address)) return address;
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const groups = [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
