import { describe, expect, it } from 'vitest';
import {
  type Actor,
  administrator,
  decideMeeting,
  evolveMeeting,
  type MeetingCommand,
  type MeetingEvent,
  type MeetingState,
  noMeeting,
  type Party,
} from '../../../shared/meeting/meeting.ts';
import type { PartyKind } from '../../../shared/meeting/principal.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { MeetingId, RecommendationId, TopicId } from '../../../shared/protocol/ids.ts';
import { chair, delegate, participant, party, rapporteur } from '../../helpers/texts.ts';

const id = (name: string): string => name.padEnd(8, '0');
const topic = (name: string): TopicId => TopicId.parse(id(name));
const text = (name: string): RecommendationId => RecommendationId.parse(id(name));
const clauseOf = (name: string) => ({ recommendation: text(name), clause: null });

const state = (code: string, kind: PartyKind = 'state', members: readonly string[] = []): Party => ({
  code: party(code),
  names: { en: code },
  kind,
  aliases: [],
  members: members.map(party),
});

/**
 * Two states, an organ, and a group of Argentina; a delegate of Argentina, and one of Brazil whose accreditation ended.
 * Topics A and B, and a closing topic without texts; the texts A1 and A2 under A, B1 under B.
 */
const meeting = (
  [
    { type: 'meeting created', id: MeetingId.parse(id('meeting')), name: 'A meeting', at: 1 },
    { type: 'party set', party: state('ARG') },
    { type: 'party set', party: state('BRA') },
    { type: 'party set', party: state('CIM', 'organ') },
    { type: 'party set', party: state('GRULAC', 'group', ['ARG']) },
    { type: 'party set', party: state('PER') },
    {
      type: 'participant accredited',
      participant: { id: participant('arg'), name: 'Ana', party: party('ARG'), role: 'delegate', ended: false },
    },
    {
      type: 'participant accredited',
      participant: { id: participant('bra'), name: 'Bia', party: party('BRA'), role: 'delegate', ended: false },
    },
    { type: 'accreditation ended', participant: participant('bra') },
    { type: 'topic added', topic: { id: topic('A'), heading: 'Training', level: 1 }, after: null },
    { type: 'topic added', topic: { id: topic('B'), heading: 'Protection', level: 1 }, after: topic('A') },
    { type: 'topic added', topic: { id: topic('closing'), heading: 'Closing', level: 1 }, after: topic('B') },
    {
      type: 'recommendation added',
      recommendation: { id: text('A1'), topic: topic('A'), heading: 'Officials' },
      after: null,
    },
    {
      type: 'recommendation added',
      recommendation: { id: text('A2'), topic: topic('A'), heading: 'Schools' },
      after: text('A1'),
    },
    {
      type: 'recommendation added',
      recommendation: { id: text('B1'), topic: topic('B'), heading: 'Victims' },
      after: text('A2'),
    },
  ] satisfies readonly MeetingEvent[]
).reduce<MeetingState>(evolveMeeting, noMeeting(MeetingId.parse(id('meeting'))));

const people = {
  chair,
  rapporteur,
  delegate: delegate('ARG'),
  observer: { ...chair, role: 'observer' },
  administrator,
} as const satisfies Record<string, Actor>;
type Who = keyof typeof people;

type Outcome = MeetingState | string;
/** The meeting after a command, or the code of its refusal. */
function resultOf(command: MeetingCommand, who: Who = 'chair', now: MeetingState = meeting): Outcome {
  try {
    return decideMeeting(now, command, people[who], () => participant('new')).reduce(evolveMeeting, now);
  } catch (error) {
    if (error instanceof ConcordError) return error.code;
    throw error;
  }
}
/** `done`, or the code of the refusal. */
const outcome = (command: MeetingCommand, who?: Who): string => {
  const is = resultOf(command, who);
  return typeof is === 'string' ? is : 'done';
};

/** The order of the agenda, `A A1 A2 B B1 closing`: each topic with its texts. */
function agenda(is: Outcome): string {
  if (typeof is === 'string') return is;
  const name = (full: string): string => full.replace(/0+$/, '');
  return is.topics
    .flatMap(({ id: of }) => [of, ...is.recommendations.filter((one) => one.topic === of).map((one) => one.id)])
    .map(name)
    .join(' ');
}

const newcomer = { type: 'accredit', name: 'Carla', party: party('ARG'), role: 'delegate' } as const;
const commands = {
  'rename the meeting': { type: 'rename', name: 'Another name' },
  'add a party': { type: 'set-party', party: state('CAN') },
  'remove a party': { type: 'remove-party', code: party('PER') },
  'accredit a delegate': newcomer,
  'end an accreditation': { type: 'end-accreditation', participant: participant('arg') },
  'add a topic': { type: 'add-topic', id: topic('C'), heading: 'Cooperation', level: 1 },
  'move a topic': { type: 'move-topic', topic: topic('B'), after: null },
  'add a text': { type: 'add-recommendation', id: text('B2'), topic: topic('B'), heading: '' },
  'close drafting': { type: 'drafting', open: false },
  'set the clause under discussion': { type: 'set-current-clause', currentClause: clauseOf('A1') },
  'choose what observers see': { type: 'set-observer-view', view: 'clean' },
} as const satisfies Record<string, MeetingCommand>;

describe('[MEET1] The commands of a meeting belong to roles', () => {
  const runs = ['chair', 'rapporteur', 'administrator'] as const;
  it.each<[does: keyof typeof commands, may: readonly Who[]]>([
    ['rename the meeting', runs],
    ['add a party', runs],
    ['remove a party', runs],
    ['accredit a delegate', runs],
    ['end an accreditation', runs],
    ['add a topic', runs],
    ['move a topic', runs],
    ['add a text', runs],
    ['close drafting', ['chair']],
    ['set the clause under discussion', ['chair']],
    ['choose what observers see', ['chair']],
  ])('%s: %s', (does, may) => {
    for (const who of ['chair', 'rapporteur', 'delegate', 'observer', 'administrator'] as const)
      expect([who, outcome(commands[does], who)]).toEqual([who, may.includes(who) ? 'done' : 'role-may-not']);
  });
});

describe('[MEET1] Accreditations', () => {
  it.each<[does: string, command: MeetingCommand, outcome: string]>([
    ['a delegate needs a party', { ...newcomer, party: null }, 'party-unknown'],
    ['and one that takes part', { ...newcomer, party: party('USA') }, 'party-unknown'],
    ['a chair needs none', { ...newcomer, party: null, role: 'chair' }, 'done'],
    ['but a named party takes part', { ...newcomer, party: party('USA'), role: 'chair' }, 'party-unknown'],
    ['an observer needs none', { ...newcomer, party: null, role: 'observer' }, 'done'],
    ['an accreditation is changed by its id', { ...newcomer, id: participant('arg') }, 'done'],
    ['an ended one is given back', { ...newcomer, id: participant('bra') }, 'done'],
    ['an unknown id is nobody’s', { ...newcomer, id: participant('nobody') }, 'not-found'],
    ['it ends once', { type: 'end-accreditation', participant: participant('bra') }, 'nothing-to-do'],
    ['nobody’s ends', { type: 'end-accreditation', participant: participant('nobody') }, 'not-found'],
  ])('%s', (_does, command, expected) => {
    expect(outcome(command)).toBe(expected);
  });

  it('a new participant has a new id; a changed one keeps theirs, and is accredited again', () => {
    const made = resultOf(newcomer);
    const changed = resultOf({ ...newcomer, id: participant('bra') });
    if (typeof made === 'string' || typeof changed === 'string') throw new Error('refused');
    expect(made.participants.get(participant('new'))).toMatchObject({ name: 'Carla', ended: false });
    expect(changed.participants.get(participant('bra'))).toMatchObject({ name: 'Carla', ended: false });
    expect(changed.participants.size).toBe(meeting.participants.size);
  });

  it('an ended one stays on record', () => {
    const ended = resultOf(commands['end an accreditation']);
    if (typeof ended === 'string') throw new Error('refused');
    expect(ended.participants.get(participant('arg'))).toMatchObject({ name: 'Ana', ended: true });
  });
});

describe('[MEET2] Parties stay while something depends on them', () => {
  it.each<[does: string, command: MeetingCommand, outcome: string]>([
    ['a party without anybody is removed', { type: 'remove-party', code: party('PER') }, 'done'],
    ['one with a delegate stays', { type: 'remove-party', code: party('ARG') }, 'party-in-use'],
    ['also if the accreditation has ended', { type: 'remove-party', code: party('BRA') }, 'party-in-use'],
    ['a group is removed', { type: 'remove-party', code: party('GRULAC') }, 'done'],
    ['an unknown party', { type: 'remove-party', code: party('USA') }, 'party-unknown'],
    ['a group has states', { type: 'set-party', party: state('G2', 'group', ['ARG', 'BRA']) }, 'done'],
    ['no organ', { type: 'set-party', party: state('G2', 'group', ['CIM']) }, 'party-unknown'],
    ['no group', { type: 'set-party', party: state('G2', 'group', ['GRULAC']) }, 'party-unknown'],
    ['no unknown party', { type: 'set-party', party: state('G2', 'group', ['USA']) }, 'party-unknown'],
  ])('%s', (_does, command, expected) => {
    expect(outcome(command)).toBe(expected);
  });

  it('a member of a group stays', () => {
    const grown = resultOf({ type: 'set-party', party: state('GRULAC', 'group', ['ARG', 'PER']) });
    if (typeof grown === 'string') throw new Error('refused');
    expect(resultOf({ type: 'remove-party', code: party('PER') }, 'chair', grown)).toBe('party-in-use');
  });
});

describe('[MEET1] The chair sets the clause under discussion', () => {
  it.each<[does: string, command: MeetingCommand, outcome: string]>([
    ['in a text of the agenda', commands['set the clause under discussion'], 'done'],
    ['to none', { type: 'set-current-clause', currentClause: null }, 'done'],
    ['in no other', { type: 'set-current-clause', currentClause: clauseOf('Z9') }, 'not-found'],
  ])('%s', (_does, command, expected) => {
    expect(outcome(command)).toBe(expected);
  });
});

const addText = commands['add a text'];
const addTopic = commands['add a topic'];
const moveTopic = (name: string, behind: string | null): MeetingCommand => ({
  type: 'move-topic',
  topic: topic(name),
  after: behind === null ? null : topic(behind),
});
const moveText = (name: string, behind: string | null): MeetingCommand => ({
  type: 'move-recommendation',
  recommendation: text(name),
  after: behind === null ? null : text(behind),
});

describe('[MEET6] A change of the agenda names the changed value, a move the neighbour before', () => {
  it.each<[does: string, command: MeetingCommand, agenda: string]>([
    ['a topic is added at the end', addTopic, 'A A1 A2 B B1 closing C'],
    ['or first', { ...addTopic, after: null }, 'C A A1 A2 B B1 closing'],
    ['or behind another', { ...addTopic, after: topic('A') }, 'A A1 A2 C B B1 closing'],
    ['not behind an unknown one', { ...addTopic, after: topic('Z') }, 'not-found'],
    ['not twice', { ...addTopic, id: topic('A') }, 'bad-request'],
    ['a topic moves to the front', moveTopic('B', null), 'B B1 A A1 A2 closing'],
    ['or behind another', moveTopic('A', 'B'), 'B B1 A A1 A2 closing'],
    ['not where it is', moveTopic('B', 'A'), 'nothing-to-do'],
    ['not behind itself', moveTopic('B', 'B'), 'nothing-to-do'],
    ['not behind an unknown one', moveTopic('B', 'Z'), 'not-found'],
    ['an unknown topic does not move', moveTopic('Z', 'A'), 'not-found'],
    ['a text is added at the end', addText, 'A A1 A2 B B1 B2 closing'],
    ['or behind another', { ...addText, topic: topic('A'), after: text('A1') }, 'A A1 B2 A2 B B1 closing'],
    ['not to an unknown topic', { ...addText, topic: topic('Z') }, 'not-found'],
    ['not twice', { ...addText, id: text('A1') }, 'bad-request'],
    ['a text moves to the front', moveText('A2', null), 'A A2 A1 B B1 closing'],
    ['not where it is', moveText('A2', 'A1'), 'nothing-to-do'],
    [
      'a text goes to another topic',
      { type: 'set-recommendation-topic', recommendation: text('A1'), topic: topic('closing') },
      'A A2 B B1 closing A1',
    ],
    [
      'not to its own',
      { type: 'set-recommendation-topic', recommendation: text('A1'), topic: topic('A') },
      'nothing-to-do',
    ],
    [
      'not to an unknown one',
      { type: 'set-recommendation-topic', recommendation: text('A1'), topic: topic('Z') },
      'not-found',
    ],
    ['a topic without texts is removed', { type: 'remove-topic', topic: topic('closing') }, 'A A1 A2 B B1'],
    ['one with texts stays', { type: 'remove-topic', topic: topic('A') }, 'topic-in-use'],
    ['an unknown one is not removed', { type: 'remove-topic', topic: topic('Z') }, 'not-found'],
    ['a heading changes', { type: 'rename-topic', topic: topic('A'), heading: 'Other' }, 'A A1 A2 B B1 closing'],
    ['not to itself', { type: 'rename-topic', topic: topic('A'), heading: 'Training' }, 'nothing-to-do'],
    ['a level changes', { type: 'set-topic-level', topic: topic('A'), level: 2 }, 'A A1 A2 B B1 closing'],
    ['not to itself', { type: 'set-topic-level', topic: topic('A'), level: 1 }, 'nothing-to-do'],
    [
      'a text’s heading changes',
      { type: 'rename-recommendation', recommendation: text('A1'), heading: '' },
      'A A1 A2 B B1 closing',
    ],
    [
      'not to itself',
      { type: 'rename-recommendation', recommendation: text('A1'), heading: 'Officials' },
      'nothing-to-do',
    ],
    [
      'an unknown text has no heading',
      { type: 'rename-recommendation', recommendation: text('Z9'), heading: 'Other' },
      'not-found',
    ],
  ])('%s', (_does, command, expected) => {
    expect(agenda(resultOf(command))).toBe(expected);
  });

  it.each<[does: string, one: MeetingCommand, other: MeetingCommand, agenda: string]>([
    ['two additions', addTopic, { ...addTopic, id: topic('D') }, 'A A1 A2 B B1 closing C D'],
    ['an addition and a move', addText, moveTopic('B', null), 'B B1 B2 A A1 A2 closing'],
    ['two moves of one topic: the later one', moveTopic('A', 'B'), moveTopic('A', 'closing'), 'B B1 closing A A1 A2'],
    ['a move behind a topic that has moved', moveTopic('A', 'closing'), moveTopic('B', 'A'), 'closing A A1 A2 B B1'],
    [
      'a move behind a topic that was removed',
      { type: 'remove-topic', topic: topic('closing') },
      moveTopic('A', 'closing'),
      'not-found',
    ],
    [
      'a text for a topic that was removed',
      { type: 'remove-topic', topic: topic('closing') },
      { ...addText, topic: topic('closing') },
      'not-found',
    ],
    [
      'the removal of a topic that has got a text',
      { ...addText, topic: topic('closing') },
      { type: 'remove-topic', topic: topic('closing') },
      'topic-in-use',
    ],
    [
      'a text that goes to another topic, and the removal of its former one',
      { type: 'set-recommendation-topic', recommendation: text('B1'), topic: topic('A') },
      { type: 'remove-topic', topic: topic('B') },
      'A A1 A2 B1 closing',
    ],
  ])('by two people: %s', (_does, one, other, expected) => {
    const first = resultOf(one, 'rapporteur');
    if (typeof first === 'string') throw new Error(`refused: ${first}`);
    expect(agenda(resultOf(other, 'administrator', first))).toBe(expected);
  });
});

describe('[MEET6] A list replaces the agenda from which it was made', () => {
  const { topics, recommendations, agendaVersion } = meeting;
  const [first, second] = topics;
  if (first === undefined || second === undefined) throw new Error('the meeting has topics');
  const more = { id: topic('C'), heading: 'Cooperation', level: 1 };
  const setTopics = (list: readonly (typeof more)[], basedOn?: number): MeetingCommand => ({
    type: 'set-topics',
    topics: [...list],
    ...(basedOn !== undefined && { basedOn }),
  });
  const setTexts = (list: typeof recommendations, basedOn?: number): MeetingCommand => ({
    type: 'set-recommendations',
    recommendations: [...list],
    ...(basedOn !== undefined && { basedOn }),
  });
  const newest = agendaVersion;
  const older = agendaVersion - 1;
  const text2 = { id: text('B2'), topic: topic('B'), heading: '' };

  it.each<[does: string, command: MeetingCommand, agenda: string]>([
    ['of the newest agenda', setTopics([second, first], newest), 'B B1 A A1 A2'],
    ['of an older one', setTopics([second, first], older), 'changed-since'],
    ['of none, which only adds', setTopics([...topics, more]), 'A A1 A2 B B1 closing C'],
    ['of none, which adds between', setTopics([first, more, ...topics.slice(1)]), 'A A1 A2 C B B1 closing'],
    ['of none, with another order', setTopics([...topics].reverse()), 'changed-since'],
    ['of none, with another heading', setTopics([{ ...first, heading: 'Other' }, ...topics.slice(1)]), 'changed-since'],
    ['of none, without a topic', setTopics([first, second]), 'changed-since'],
    ['without the topic of a text', setTopics([first], newest), 'bad-request'],
    ['with a topic twice', setTopics([...topics, first], newest), 'bad-request'],
    ['of texts, in another order', setTexts([...recommendations].reverse(), newest), 'A A2 A1 B B1 closing'],
    ['of texts, of an older agenda', setTexts([...recommendations].reverse(), older), 'changed-since'],
    ['of texts, of none, which only adds', setTexts([...recommendations, text2]), 'A A1 A2 B B1 B2 closing'],
    ['of texts, to an unknown topic', setTexts([...recommendations, { ...text2, topic: topic('Z') }]), 'bad-request'],
    ['of texts, with one twice', setTexts([...recommendations, ...recommendations], newest), 'bad-request'],
  ])('%s', (_does, command, expected) => {
    expect(agenda(resultOf(command))).toBe(expected);
  });

  it('every change of the agenda makes earlier lists older; no other command does', () => {
    const changed = resultOf(moveTopic('B', null));
    if (typeof changed === 'string') throw new Error(`refused: ${changed}`);
    expect(resultOf(setTopics([second, first], newest), 'chair', changed)).toBe('changed-since');
    const renamed = resultOf({ type: 'rename', name: 'Another name' });
    if (typeof renamed === 'string') throw new Error(`refused: ${renamed}`);
    expect(agenda(resultOf(setTopics([second, first], newest), 'chair', renamed))).toBe('B B1 A A1 A2');
  });
});

describe('[MEET2] Nothing negotiated leaves the agenda', () => {
  it('a list without a text is refused', () => {
    const { recommendations, agendaVersion } = meeting;
    const command: MeetingCommand = {
      type: 'set-recommendations',
      recommendations: recommendations.slice(1),
      basedOn: agendaVersion,
    };
    expect(outcome(command)).toBe('bad-request');
  });
});
