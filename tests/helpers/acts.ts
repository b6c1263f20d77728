import type { Principal } from '../../shared/meeting/principal.ts';
import type { Act } from '../../shared/negotiation/act.ts';
import type { StoredEvent } from '../../shared/negotiation/event.ts';
import { clausesEntered } from '../../shared/negotiation/families/clause/events.ts';
import type { Clause } from '../../shared/text/clause.ts';

/** An act of a participant, in their own name. */
export const actOf = (actor: Principal, at = 1): Act => ({ actor, onBehalfOf: null, at });

/** An act of the server's operator. */
export const operatorAct: Act = { actor: { operator: 'importer' }, onBehalfOf: null, at: 1 };

/** The events of a text that is brought in: open clauses that nobody sponsors. */
export const entered = (text: readonly Clause[]): readonly StoredEvent[] =>
  text.length === 0 ? [] : [clausesEntered.make({ clauses: text.map(({ id }) => id), sponsors: [] })];
