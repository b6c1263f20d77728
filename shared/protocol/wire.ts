import { z } from 'zod';

/**
 * The y-websocket protocol at `/sync/<recommendation id>`, and Concord's additions to it. See `docs/protocol.md`.
 *
 * Query parameters of a connection: `client` names its Yjs client id, and after commas earlier ids of the same
 * participant with unsent words; `schema` the schema version; `verdicts=1` asks for a verdict on every message (the
 * stock provider, which knows no such message, doesn't ask); `as` (a party's code, or `base`) is the rapporteur's
 * capacity.
 */
export const messageType = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3, verdict: 64 } as const;
export const syncType = { step1: 0, step2: 1, update: 2 } as const;

/** One for each sync step 2 and update that a connection sent, in the order of sending. */
export const Verdict = z.discriminatedUnion('verdict', [
  /** On the server's disk. `sequence` is null where nothing in it was new. */
  z.object({ verdict: z.literal('accepted'), sequence: z.number().int().nullable() }),
  /** Refused whole. The connection closes; only a new document with a new client id can go on. */
  z.object({
    verdict: z.literal('refused'),
    code: z.string(),
    message: z.string(),
    clause: z.string().nullable(),
  }),
]);
export type Verdict = z.infer<typeof Verdict>;
