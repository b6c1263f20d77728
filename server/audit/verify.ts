import * as Y from 'yjs';
import { evolveMeeting, noMeeting } from '../../shared/meeting/meeting.ts';
import { changesOf, decodeHeader, type Header } from '../../shared/negotiation/entry.ts';
import { metadataKey, readMetadata, recordOfKey } from '../../shared/negotiation/metadata.ts';
import { type NegotiationState, serverClient } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { LogName } from '../../shared/protocol/ids.ts';
import { recordOf } from '../../shared/text/document.ts';
import { decodeEvents, decodeHeader as decodeMeetingHeader, meetingOf } from '../meetings/meetings.ts';
import { verifyLink, zeroHash } from '../storage/chain.ts';
import { openCheckpoint } from '../storage/checkpoint.ts';
import type { Entry, Log } from '../storage/log.ts';
import { Replica } from '../yjs/replica.ts';
import { rejudge, sorted } from './rejudge.ts';

/** A fault of a log, and its first place. */
export interface Fault {
  readonly log: LogName;
  /** The first wrong entry; null where the live state differs from an unbroken log. */
  readonly sequence: number | null;
  readonly reason: string;
}

export interface Findings {
  readonly logs: number;
  readonly entries: number;
  readonly faults: readonly Fault[];
}

const pageOfEntries = 500;

/**
 * Reads all logs as an outsider would: checks each hash chain, replays every document, judges every entry again, and
 * compares the outcome with the document's metadata and with the checkpoint.
 */
export async function verify(log: Log): Promise<Findings> {
  const faults: Fault[] = [];
  let entries = 0;
  const names = await log.names();
  for (const name of names) {
    const found = meetingOf(name) === null ? await verifyRecommendation(log, name) : await verifyMeeting(log, name);
    entries += found.entries;
    if (found.fault !== null) faults.push(found.fault);
  }
  return { logs: names.length, entries, faults };
}

type Found = { readonly entries: number; readonly fault: Fault | null };

/** Walks a log entry by entry; `take` throws for a wrong entry. */
async function walk(log: Log, name: LogName, take: (entry: Entry) => void): Promise<Found> {
  let hash = zeroHash;
  let sequence = 0;
  let entries = 0;
  for (;;) {
    const page = await log.read(name, sequence, pageOfEntries);
    for (const entry of page) {
      const broken = verifyLink(entry, hash, sequence);
      if (broken !== null) return { entries, fault: { log: name, sequence: entry.sequence, reason: broken } };
      try {
        take(entry);
      } catch (error) {
        return { entries, fault: { log: name, sequence: entry.sequence, reason: reasonOf(error) } };
      }
      ({ hash, sequence } = entry);
      entries += 1;
    }
    if (page.length < pageOfEntries) break;
  }
  const head = await log.head(name);
  // The log may have grown meanwhile: only a log that is shorter than its head has lost something.
  if (head !== null && head.sequence === sequence && !same(head.hash, hash))
    return { entries, fault: { log: name, sequence, reason: 'the head names another hash' } };
  return { entries, fault: null };
}

async function verifyMeeting(log: Log, name: LogName): Promise<Found> {
  const id = meetingOf(name);
  if (id === null) return { entries: 0, fault: null };
  let state = noMeeting(id);
  let at = 0;
  return walk(log, name, (entry) => {
    const header = decodeMeetingHeader(entry);
    if (header.at < at) throw new Error('the time runs backwards');
    at = header.at;
    state = decodeEvents(entry).reduce(evolveMeeting, state);
  });
}

async function verifyRecommendation(log: Log, name: LogName): Promise<Found> {
  const checkpoint = await log.checkpoint(name);
  const replica = Replica.empty();
  let fault: Fault | null = null;
  let ruleset = 1;
  try {
    const found = await walk(log, name, (entry) => {
      const header = decodeHeader(entry.header);
      if (header.at < replica.at) throw new Error('the time runs backwards');
      // Otherwise an attacker could use the laxer rules of earlier versions for a new entry.
      if (header.ruleset < ruleset) throw new Error('it was made under rules that were no longer in force');
      ruleset = header.ruleset;
      const before = replica.text();
      if (entry.content.length > 0) Y.applyUpdate(replica.doc, entry.content);
      const after = replica.text();
      if (replica.doc.store.pendingStructs !== null || replica.doc.store.pendingDs !== null)
        throw new Error('the update builds on something that is not in the log');
      const changes = changesOf(header, replica.negotiation);
      rejudge(header, { sequence: entry.sequence, before, after, negotiation: replica.negotiation }, changes);
      replica.note(entry, header.at, changes);
      checkWriters(entry, header, replica.negotiation);
      if (entry.sequence === checkpoint?.sequence) fault = compareCheckpoint(replica, checkpoint, name);
    });
    if (found.fault !== null) return found;
    // The checkpoint was read before the log, and a log only grows.
    if (checkpoint !== null && checkpoint.sequence > replica.sequence)
      return {
        entries: found.entries,
        fault: { log: name, sequence: replica.sequence + 1, reason: 'the log ends before its checkpoint' },
      };
    return { entries: found.entries, fault: fault ?? compareMirror(replica, name) };
  } finally {
    replica.destroy();
  }
}

/**
 * The content of an entry bears the client ids of its author, by the negotiation state at that time, or the server's.
 */
function checkWriters({ content }: Entry, { actor }: Header, { clients }: NegotiationState): void {
  if (content.length === 0) return;
  for (const client of Y.parseUpdateMeta(content).to.keys())
    if (client !== serverClient && (!('role' in actor) || clients.get(client)?.participant !== actor.participant))
      throw new Error('it was written by somebody else');
}

/** The checkpoint must equal the state of the log. */
function compareCheckpoint(
  replica: Replica,
  checkpoint: Parameters<typeof Replica.restore>[0],
  name: LogName,
): Fault | null {
  let live: Replica;
  try {
    const opened = openCheckpoint(checkpoint);
    if (opened === null) throw new Error('its digest is another');
    live = Replica.restore(opened);
  } catch {
    return { log: name, sequence: null, reason: 'the checkpoint cannot be read' };
  }
  try {
    const equal =
      same(live.hash, replica.hash) &&
      JSON.stringify(live.text()) === JSON.stringify(replica.text()) &&
      JSON.stringify(sorted(live.negotiation.changes())) === JSON.stringify(sorted(replica.negotiation.changes())) &&
      same(Y.encodeStateVector(live.doc), Y.encodeStateVector(replica.doc));
    return equal ? null : { log: name, sequence: null, reason: 'the checkpoint differs from the replayed log' };
  } finally {
    live.destroy();
  }
}

/**
 * The metadata, from which the screens show names, must equal the state from the entries' headers. Yjs doesn't
 * guarantee the order of keys.
 */
function compareMirror(replica: Replica, name: LogName): Fault | null {
  const record = recordOf(replica.doc);
  const changes = replica.negotiation.changes();
  const mirrored = changes.every(
    (change) => JSON.stringify(sorted(readMetadata(record, change))) === JSON.stringify(sorted(change)),
  );
  const known = new Set(changes.map(metadataKey));
  const isOurs = (key: string): boolean => {
    const named = recordOfKey(key);
    return named !== null && known.has(metadataKey(named));
  };
  return mirrored && [...record.keys()].every(isOurs)
    ? null
    : { log: name, sequence: null, reason: "the document's record differs from the ledger" };
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

const reasonOf = (error: unknown): string =>
  error instanceof ConcordError
    ? `it does what nobody may do (${error.code})`
    : error instanceof Error && error.constructor === Error
      ? error.message
      : // A parser's message would quote the text.
        `it cannot be read (${error instanceof Error ? error.constructor.name : typeof error})`;
