import { readFileSync } from 'node:fs';

/**
 * A wall clock that a file sets. Loaded into a server before its own program (`NODE_OPTIONS=--import`), so that the
 * program needs no hook for it. The file holds `shift MS` or `stand MS`; timers and `performance` work as usual.
 */
const TrueDate = Date;
const trueNow = Date.now.bind(Date);

function now(): number {
  const [mode, number] = readFileSync(process.env.CONCORD_CLOCK ?? '', 'utf8').split(' ');
  return mode === 'stand' ? Number(number) : trueNow() + Number(number);
}

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
  get: (target, property, receiver) => (property === 'now' ? now : Reflect.get(target, property, receiver)),
});
