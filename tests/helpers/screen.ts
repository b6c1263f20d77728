import * as Y from 'yjs';
import { judge } from '../../server/room/submit.ts';
import { Replica } from '../../server/yjs/replica.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { clauseStatusSet } from '../../shared/negotiation/families/status/events.ts';
import type { Status } from '../../shared/negotiation/families/status/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { ClauseId } from '../../shared/protocol/ids.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { textOf } from '../../shared/text/document.ts';
import { actOf, entered, operatorAct } from './acts.ts';
import { changing, wordsAt } from './negotiated.ts';
import { chair } from './texts.ts';

/** A head that holds a text: open clauses, but for those whose status is given. */
export function headOf(clauses: readonly Clause[], statuses: ReadonlyMap<ClauseId, Status> = new Map()): Replica {
  const replica = Replica.empty();
  judge(
    replica,
    { kind: 'text', by: operatorAct.actor, source: 'test', text: clauses, events: entered(clauses) },
    operatorAct,
  );
  for (const [id, status] of statuses) {
    const parties = status.state === 'agreed ad referendum' ? { parties: status.parties } : {};
    const event = clauseStatusSet.make({ clauses: [id], status: status.state, ...parties });
    judge(
      replica,
      {
        kind: 'command',
        by: chair,
        onBehalfOf: null,
        command: { type: 'test' },
        commands: { decide: () => ({ operations: [], events: [event] }) },
        terms: () => ({ principal: chair, meeting: { parties: new Map(), drafting: true } }),
      },
      actOf(chair),
    );
  }
  return replica;
}

/** A person's screen of a head. Its changes are sent at once; the head never applied the refused ones. */
export class Screen {
  doc = new Y.Doc();
  constructor(
    readonly head: Replica,
    readonly who: Principal,
    readonly capacity: Capacity = who.party === null ? { edits: 'base' } : { proposesFor: who.party },
  ) {
    this.hear();
  }

  /** Takes a new document, as a new client does. */
  hear(): void {
    this.doc = new Y.Doc();
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(this.head.doc));
  }

  /** Makes a change here, and returns the update that a program would send. */
  make(work: (words: (clause: number) => Y.XmlText, text: Y.XmlFragment) => void): Uint8Array {
    return changing(this.doc, () => work((clause) => wordsAt(this.doc, clause), textOf(this.doc)));
  }

  /** The code of the refusal; `accepted`, or `nothing new`. */
  change(work: Parameters<Screen['make']>[0]): string {
    return this.send(this.make(work));
  }

  send(update: Uint8Array): string {
    // A head that refused something in the middle is invalid.
    const outcome = this.#submit(Replica.copy(this.head), update);
    if (outcome === 'accepted') this.#submit(this.head, update);
    else this.hear();
    return outcome;
  }

  #submit(replica: Replica, update: Uint8Array): string {
    try {
      const staged = judge(
        replica,
        {
          kind: 'edit',
          onBehalfOf: null,
          update: update,
          writer: {
            principal: this.who,
            capacity: () => this.capacity,
            clients: new Set([this.doc.clientID]),
            mayBind: () => true,
          },
        },
        actOf(this.who),
      );
      return staged === null ? 'nothing new' : 'accepted';
    } catch (error) {
      if (error instanceof ConcordError) return error.code;
      throw error;
    }
  }
}
