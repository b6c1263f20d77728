import { z } from 'zod';
import { ConcordError } from '../protocol/errors.ts';
import { RecommendationId, TopicId } from '../protocol/ids.ts';
import { visibleName, visibleText } from '../text/visible.ts';

const topicHeading = z.string().trim().min(1).max(1000);
const recommendationHeading = z.string().trim().max(1000);
const level = z.number().int().min(1).max(6);

export const Topic = z.object({ id: TopicId, heading: topicHeading, level });
export type Topic = z.infer<typeof Topic>;

export const RecommendationHeading = z.object({
  id: RecommendationId,
  topic: TopicId,
  heading: recommendationHeading,
});
export type RecommendationHeading = z.infer<typeof RecommendationHeading>;

/** The topics of a meeting, and the recommendations under them, each list in its order. */
export interface Agenda {
  readonly topics: readonly Topic[];
  readonly recommendations: readonly RecommendationHeading[];
  /** The number of changes so far: a list names the version from which it was made. */
  readonly agendaVersion: number;
}

/**
 * The numbers of recommendations, in the order of the agenda: topic by topic. They are the same on every page and in
 * every document.
 */
export function recommendationNumbers({
  topics,
  recommendations,
}: Pick<Agenda, 'topics' | 'recommendations'>): ReadonlyMap<RecommendationId, number> {
  const places = new Map(topics.map(({ id }, at) => [id, at]));
  const placeOf = ({ topic }: RecommendationHeading): number => places.get(topic) ?? topics.length;
  const inOrder = [...recommendations].sort((one, other) => placeOf(one) - placeOf(other));
  return new Map(inOrder.map(({ id }, at) => [id, at + 1]));
}

const basedOn = z
  .number()
  .int()
  .optional()
  .describe('The `agendaVersion` of the view that the list was made from. Without it the list may only add.');

export const mostTopics = 500;
export const mostRecommendations = 1000;

/** A change of the agenda. `after: null` is the first place. */
export const agendaEvents = [
  z.object({ type: z.literal('topics set'), topics: z.array(Topic) }),
  z.object({ type: z.literal('recommendations set'), recommendations: z.array(RecommendationHeading) }),
  z.object({ type: z.literal('topic added'), topic: Topic, after: TopicId.nullable() }),
  z.object({ type: z.literal('topic renamed'), topic: TopicId, heading: topicHeading }),
  z.object({ type: z.literal('topic level set'), topic: TopicId, level }),
  z.object({ type: z.literal('topic moved'), topic: TopicId, after: TopicId.nullable() }),
  z.object({ type: z.literal('topic removed'), topic: TopicId }),
  z.object({
    type: z.literal('recommendation added'),
    recommendation: RecommendationHeading,
    after: RecommendationId.nullable(),
  }),
  z.object({
    type: z.literal('recommendation renamed'),
    recommendation: RecommendationId,
    heading: recommendationHeading,
  }),
  z.object({ type: z.literal('recommendation topic set'), recommendation: RecommendationId, topic: TopicId }),
  z.object({
    type: z.literal('recommendation moved'),
    recommendation: RecommendationId,
    after: RecommendationId.nullable(),
  }),
] as const;
const AgendaEvent = z.discriminatedUnion('type', agendaEvents);
export type AgendaEvent = z.infer<typeof AgendaEvent>;

const eventTypes: ReadonlySet<string> = new Set(agendaEvents.map((option) => option.shape.type.value));
export const isAgendaEvent = <Other extends { readonly type: string }>(
  event: Other | AgendaEvent,
): event is AgendaEvent => eventTypes.has(event.type);

// Stored headings are read as they are; a heading in a command must be visible, without characters that a text may not
// hold.
const orderedTopic = Topic.extend({ heading: visibleName(1000) });
const orderedRecommendation = RecommendationHeading.extend({ heading: visibleText(1000) });

/**
 * Commands on an agenda. A change names the changed value and a move names the neighbour before, so that concurrent
 * changes by two people both hold. The two commands that replace a whole list are for programs: a list names the
 * version from which it was made (`basedOn`, the view's `agendaVersion`); one that names none may only add.
 */
export const agendaCommands = [
  z.object({
    type: z.literal('set-topics'),
    topics: z.array(orderedTopic).max(mostTopics),
    basedOn,
  }),
  z.object({
    type: z.literal('set-recommendations'),
    recommendations: z.array(orderedRecommendation).max(mostRecommendations),
    basedOn,
  }),
  /** Without `after`, at the end. */
  z.object({ type: z.literal('add-topic'), ...orderedTopic.shape, after: TopicId.nullable().optional() }),
  z.object({ type: z.literal('rename-topic'), topic: TopicId, heading: orderedTopic.shape.heading }),
  z.object({ type: z.literal('set-topic-level'), topic: TopicId, level }),
  z.object({ type: z.literal('move-topic'), topic: TopicId, after: TopicId.nullable() }),
  z.object({ type: z.literal('remove-topic'), topic: TopicId }),
  /** Without `after`, at the end. */
  z.object({
    type: z.literal('add-recommendation'),
    ...orderedRecommendation.shape,
    after: RecommendationId.nullable().optional(),
  }),
  z.object({
    type: z.literal('rename-recommendation'),
    recommendation: RecommendationId,
    heading: orderedRecommendation.shape.heading,
  }),
  z.object({ type: z.literal('set-recommendation-topic'), recommendation: RecommendationId, topic: TopicId }),
  z.object({
    type: z.literal('move-recommendation'),
    recommendation: RecommendationId,
    after: RecommendationId.nullable(),
  }),
] as const;
const AgendaCommand = z.discriminatedUnion('type', agendaCommands);
export type AgendaCommand = z.infer<typeof AgendaCommand>;

const commandTypes: ReadonlySet<string> = new Set(agendaCommands.map((option) => option.shape.type.value));
export const isAgendaCommand = <Other extends { readonly type: string }>(
  command: Other | AgendaCommand,
): command is AgendaCommand => commandTypes.has(command.type);

interface Item {
  readonly id: string;
}

/** A list with an item moved after another one; at the end where that one is not there. */
function placed<T extends Item>(list: readonly T[], item: T, after: string | null): readonly T[] {
  const others = list.filter(({ id }) => id !== item.id);
  if (after === null) return [item, ...others];
  const at = others.findIndex(({ id }) => id === after);
  return at === -1 ? [...others, item] : [...others.slice(0, at + 1), item, ...others.slice(at + 1)];
}

function moved<T extends Item>(list: readonly T[], id: string, after: string | null): readonly T[] {
  const item = list.find((one) => one.id === id);
  return item === undefined ? list : placed(list, item, after);
}

const changed = <T extends Item>(list: readonly T[], id: string, change: Partial<T>): readonly T[] =>
  list.map((one) => (one.id === id ? { ...one, ...change } : one));

/** The lists after an event; an unaffected list stays the same value. */
export function evolveAgenda(agenda: Agenda, event: AgendaEvent): Agenda {
  const { topics, recommendations } = agenda;
  const next = (change: Partial<Agenda>): Agenda => ({
    topics,
    recommendations,
    ...change,
    agendaVersion: agenda.agendaVersion + 1,
  });
  switch (event.type) {
    case 'topics set':
      return next({ topics: event.topics });
    case 'recommendations set':
      return next({ recommendations: event.recommendations });
    case 'topic added':
      return next({ topics: placed(topics, event.topic, event.after) });
    case 'topic renamed':
      return next({ topics: changed(topics, event.topic, { heading: event.heading }) });
    case 'topic level set':
      return next({ topics: changed(topics, event.topic, { level: event.level }) });
    case 'topic moved':
      return next({ topics: moved(topics, event.topic, event.after) });
    case 'topic removed':
      return next({ topics: topics.filter(({ id }) => id !== event.topic) });
    case 'recommendation added':
      return next({ recommendations: placed(recommendations, event.recommendation, event.after) });
    case 'recommendation renamed':
      return next({ recommendations: changed(recommendations, event.recommendation, { heading: event.heading }) });
    case 'recommendation topic set':
      return next({ recommendations: changed(recommendations, event.recommendation, { topic: event.topic }) });
    case 'recommendation moved':
      return next({ recommendations: moved(recommendations, event.recommendation, event.after) });
  }
}

/** The events of an agenda command, or its refusal. The caller checks the actor's rights before. */
export function decideAgenda(agenda: Agenda, command: AgendaCommand): AgendaEvent {
  const { topics, recommendations } = agenda;
  switch (command.type) {
    case 'set-topics': {
      const ids = new Set(command.topics.map(({ id }) => id));
      if (ids.size !== command.topics.length) throw new ConcordError('bad-request', { field: 'topics' });
      if (recommendations.some(({ topic }) => !ids.has(topic)))
        throw new ConcordError('bad-request', { field: 'topics' });
      requireCurrent(agenda, command.basedOn, topics, command.topics);
      return { type: 'topics set', topics: command.topics };
    }
    case 'set-recommendations': {
      const ids = new Set(command.recommendations.map(({ id }) => id));
      // Nothing negotiated disappears from the agenda.
      if (ids.size !== command.recommendations.length || !recommendations.every(({ id }) => ids.has(id)))
        throw new ConcordError('bad-request', { field: 'recommendations' });
      const known = new Set(topics.map(({ id }) => id));
      if (command.recommendations.some(({ topic }) => !known.has(topic)))
        throw new ConcordError('bad-request', { field: 'topic' });
      requireCurrent(agenda, command.basedOn, recommendations, command.recommendations);
      return { type: 'recommendations set', recommendations: command.recommendations };
    }
    case 'add-topic': {
      const { id, heading, level } = command;
      requireRoom(topics, id, mostTopics);
      return { type: 'topic added', topic: { id, heading, level }, after: placeFor(topics, command.after) };
    }
    case 'rename-topic': {
      if (itemOf(topics, command.topic).heading === command.heading) throw new ConcordError('nothing-to-do');
      return { type: 'topic renamed', topic: command.topic, heading: command.heading };
    }
    case 'set-topic-level': {
      if (itemOf(topics, command.topic).level === command.level) throw new ConcordError('nothing-to-do');
      return { type: 'topic level set', topic: command.topic, level: command.level };
    }
    case 'move-topic':
      requireMove(topics, command.topic, command.after);
      return { type: 'topic moved', topic: command.topic, after: command.after };
    case 'remove-topic': {
      itemOf(topics, command.topic);
      if (recommendations.some(({ topic }) => topic === command.topic)) throw new ConcordError('topic-in-use');
      return { type: 'topic removed', topic: command.topic };
    }
    case 'add-recommendation': {
      const { id, topic, heading } = command;
      requireRoom(recommendations, id, mostRecommendations);
      itemOf(topics, topic);
      const after = placeFor(recommendations, command.after);
      return { type: 'recommendation added', recommendation: { id, topic, heading }, after };
    }
    case 'rename-recommendation': {
      const { recommendation, heading } = command;
      if (itemOf(recommendations, recommendation).heading === heading) throw new ConcordError('nothing-to-do');
      return { type: 'recommendation renamed', recommendation, heading };
    }
    case 'set-recommendation-topic': {
      const { recommendation, topic } = command;
      itemOf(topics, topic);
      if (itemOf(recommendations, recommendation).topic === topic) throw new ConcordError('nothing-to-do');
      return { type: 'recommendation topic set', recommendation, topic };
    }
    case 'move-recommendation':
      requireMove(recommendations, command.recommendation, command.after);
      return { type: 'recommendation moved', recommendation: command.recommendation, after: command.after };
  }
}

/** A list made from an older agenda would undo later changes. */
function requireCurrent<T extends Item>(
  { agendaVersion }: Agenda,
  basedOn: number | undefined,
  current: readonly T[],
  next: readonly T[],
): void {
  if (basedOn !== undefined ? basedOn === agendaVersion : onlyAdds(current, next)) return;
  throw new ConcordError('changed-since');
}

/** Whether all existing items stay unchanged, in their order. */
function onlyAdds<T extends Item>(current: readonly T[], next: readonly T[]): boolean {
  const ids = new Set(current.map(({ id }) => id));
  const kept = next.filter(({ id }) => ids.has(id));
  const isSame = (one: T, other: T | undefined): boolean =>
    other !== undefined && Object.keys(one).every((key) => one[key as keyof T] === other[key as keyof T]);
  return kept.length === current.length && current.every((one, at) => isSame(one, kept[at]));
}

function itemOf<T extends Item>(list: readonly T[], id: string): T {
  const item = list.find((one) => one.id === id);
  if (item === undefined) throw new ConcordError('not-found');
  return item;
}

function requireRoom(list: readonly Item[], id: string, most: number): void {
  if (list.some((one) => one.id === id)) throw new ConcordError('bad-request', { field: 'id' });
  if (list.length >= most) throw new ConcordError('agenda-full');
}

/** The neighbour after which something new is placed. */
function placeFor<T extends Item>(list: readonly T[], after: T['id'] | null | undefined): T['id'] | null {
  if (after === undefined) return list.at(-1)?.id ?? null;
  if (after !== null) itemOf(list, after);
  return after;
}

function requireMove(list: readonly Item[], id: string, after: string | null): void {
  itemOf(list, id);
  if (after !== null) itemOf(list, after);
  const at = list.findIndex((one) => one.id === id);
  if (after === id || (list[at - 1]?.id ?? null) === after) throw new ConcordError('nothing-to-do');
}
