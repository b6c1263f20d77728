import type { LogName } from '../../shared/protocol/ids.ts';

/** The subscribers to the growth of logs. */
export interface Subscribers {
  subscribe(listener: (log: LogName) => void): () => void;
  /** Calls every listener once for each name. If one throws, the others are still called. */
  announce(names: Iterable<LogName>): void;
}

export function subscribers(): Subscribers {
  // A wrapper for each subscription: the same function may subscribe twice, and end one of the two.
  const listeners = new Set<{ readonly call: (log: LogName) => void }>();
  return {
    subscribe(listener) {
      const subscription = { call: listener };
      listeners.add(subscription);
      return () => void listeners.delete(subscription);
    },
    announce(names) {
      for (const name of new Set(names)) {
        for (const { call } of [...listeners]) {
          try {
            call(name);
          } catch (error) {
            // A listener's fault is not the log's failure, and must not stay hidden either.
            queueMicrotask(() => {
              throw error;
            });
          }
        }
      }
    },
  };
}
