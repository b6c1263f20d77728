import type { LogName } from '../../shared/protocol/ids.ts';

/** Those who want to know which log grew. */
export interface Subscribers {
  subscribe(listener: (log: LogName) => void): () => void;
  /** Calls every listener once for each name. One that throws keeps nobody else from hearing. */
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
            // A listener's mistake is not the log's failure, and must not go unseen either.
            queueMicrotask(() => {
              throw error;
            });
          }
        }
      }
    },
  };
}
