import type { LogName } from '../../shared/protocol/ids.ts';
import { Persistent } from '../runtime/persist.ts';
import type { Log } from '../storage/log.ts';
import { Meetings } from './meetings.ts';

/**
 * Opens the meetings of a store that other nodes write too, and reads their new entries whenever another node appends
 * some. `stop` ends the reading.
 */
export async function openFollowing(
  log: Log,
  now: () => number,
  onFailed: (error: unknown) => void,
): Promise<{ readonly meetings: Meetings; readonly stop: () => void }> {
  // Another node may append to one log while the next is opened.
  const grown = new Set<LogName>();
  const endNoting = log.subscribe((name) => grown.add(name));
  const meetings = await Meetings.open(log, now);
  const reading = new Persistent<LogName>((name) => meetings.catchUpByName(name), onFailed);
  const read = (name: LogName): void => {
    if (name.startsWith('meeting:')) reading.ask(name);
  };
  const endFollowing = log.subscribe(read);
  for (const name of grown) read(name);
  endNoting();
  return {
    meetings,
    stop: () => {
      endFollowing();
      reading.close();
    },
  };
}
