import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markedClause } from '../../../server/reading/marked.ts';
import { placeName, placeUnderDiscussion } from '../../../server/reading/place.ts';
import { screenSheet } from '../../../server/reading/screen.ts';
import type { Fragment } from '../../../server/reading/sheet.ts';
import { textSheet } from '../../../server/reading/text.ts';
import { type MeetingState, noMeeting, type ObserverView } from '../../../shared/meeting/meeting.ts';
import { LiveState } from '../../../shared/negotiation/state.ts';
import type { ClauseId } from '../../../shared/protocol/ids.ts';
import { newMeetingId, newRecommendationId, newTopicId } from '../../../shared/protocol/ids.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { languages } from '../../../shared/words/words.ts';
import { brk, chapeau, clauseId, del, ins, mark, op, participant, party, proposed, sub } from '../../helpers/texts.ts';

const root = join(new URL('.', import.meta.url).pathname, '../../..');
const recommendation = newRecommendationId();
const topic = newTopicId();

/** Amendments by name, each with the parties that sponsor it, the first its own; made in this order. */
function amended(
  amendments: Readonly<Record<string, readonly string[]>>,
  parents: Readonly<Record<string, string>> = {},
): LiveState {
  const negotiation = new LiveState();
  for (const [at, [id, [own = '', ...others]]] of Object.entries(amendments).entries())
    negotiation.apply({
      of: 'mark',
      id: mark(id),
      value: {
        kind: 'amendment',
        party: party(own),
        typedBy: 'Delegate',
        participant: participant('delegate'),
        at,
        clause: clauseId('c1'),
        state: 'open',
        sponsors: others.map((code) => ({ party: party(code), accepted: true })),
        reason: 'a reason',
        parent: parents[id] === undefined ? null : mark(parents[id]),
      },
    });
  return negotiation;
}

const meetingAt = (clause: ClauseId | null, observerView: ObserverView): MeetingState => ({
  ...noMeeting(newMeetingId()),
  name: 'Second Meeting',
  topics: [{ id: topic, heading: 'Protection', level: 1 }],
  recommendations: [
    { id: newRecommendationId(), topic, heading: 'Other' },
    { id: recommendation, topic, heading: 'Assistance to victims' },
  ],
  partyPlaces: new Map(['ARG', 'BRA', 'CAN'].map((code, at) => [party(code), at])),
  currentClause: { recommendation, clause },
  observerView,
});

const plain = (html: string): string =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
const partOf = (parts: readonly Fragment[], id: string): string =>
  plain(parts.find((one) => one.id === id)?.html ?? '');
const drawn = (
  view: ObserverView,
  text: readonly Clause[],
  negotiation = new LiveState(),
  current: string | null = 'c1',
) => screenSheet.parts(meetingAt(current === null ? null : clauseId(current), view), { text, negotiation }, 'en');
const marked = (clause: Clause, negotiation: LiveState) =>
  markedClause(clause, meetingAt(null, 'attributed'), negotiation, 'en');

describe('[READ5] The projector', () => {
  const text = [
    chapeau('c0', 'The Meeting recommends:'),
    op('c1', 'Open ', ins('a1', 'safe '), 'shelters'),
    sub('c2', 'in each province'),
    proposed('c3', 'a2', 'Report'),
  ];
  const negotiation = amended({ a1: ['ARG', 'CAN'], a2: ['BRA'] });
  negotiation.apply({
    of: 'clause',
    id: clauseId('c1'),
    value: { sponsors: [party('BRA'), party('CAN')], status: { state: 'open' } },
  });

  it('names the recommendation, the clause, its status and its sponsors, and counts', () => {
    const parts = drawn('attributed', text, negotiation);
    expect(partOf(parts, 'heading')).toBe('Recommendation 2. Assistance to victims Clause 1 Open');
    expect(partOf(parts, 'clause')).toBe('1. Open safe A1 ARG CAN shelters (BRA; CAN)');
    expect(partOf(parts, 'counts')).toBe('3 clauses: 0 agreed, 2 open, 1 with amendments 1 amendment, 1 party');
  });

  it('says that a clause is only proposed', () => {
    expect(partOf(drawn('attributed', text, negotiation, 'c3'), 'heading')).toContain('Clause 1 bis Proposed clause');
  });

  it('shows nothing of a closed session but its name, at whatever stands under discussion', () => {
    const closed = drawn('nothing', text, negotiation);
    expect(
      closed
        .map(({ html }) => plain(html))
        .join(' ')
        .trim(),
    ).toBe('Second Meeting This is a closed session. The text is not open to observers at the moment.');
    expect(drawn('nothing', text, negotiation, 'c3')).toEqual(closed);
    expect(drawn('nothing', text, negotiation, null)).toEqual(closed);
  });

  it('shows the words in force where the chair opened those alone, and no proposed clause', () => {
    const parts = drawn('clean', text, negotiation);
    expect(partOf(parts, 'clause')).toBe('1. Open shelters');
    expect(partOf(parts, 'counts')).toBe('3 clauses: 0 agreed, 0 ad referendum, 3 open');
    const hidden = drawn('clean', text, negotiation, 'c3');
    expect(partOf(hidden, 'heading')).toBe('Recommendation 2. Assistance to victims');
    expect(partOf(hidden, 'clause')).toBe('');
  });

  it('shows brackets without names where the chair opened those', () => {
    const parts = drawn('bracketed', text, negotiation);
    expect(partOf(parts, 'clause')).toBe('1. Open [ safe ] shelters');
    expect(parts.map(({ html }) => html).join()).not.toMatch(/ARG|CAN|BRA|party-/);
    expect(partOf(parts, 'counts')).not.toContain('party');
  });

  it('says so where no clause is under discussion, or the text can’t be opened', () => {
    const none = { ...meetingAt(null, 'attributed'), currentClause: null };
    expect(partOf(screenSheet.parts(none, null, 'en'), 'clause')).toBe('No clause is under discussion.');
    const unopened = screenSheet.parts(meetingAt(clauseId('c1'), 'attributed'), null, 'en');
    expect(partOf(unopened, 'clause')).toContain('newer version');
  });

  it('has the same parts at all times, so that each can be replaced', () => {
    const ids = ['heading', 'clause', 'wordings', 'counts'];
    for (const view of ['nothing', 'clean', 'bracketed', 'attributed'] as const)
      for (const current of ['c1', 'c3', null]) {
        const parts = drawn(view, text, negotiation, current);
        expect(parts.map(({ id }) => id)).toEqual(ids);
        for (const { id, html } of parts) expect(html).toMatch(new RegExp(`^<\\w+ id="part-${id}"`));
      }
  });

  it('takes words as words', () => {
    const html = drawn('attributed', [op('c1', '<img src=x> & ', ins('a1', '<b>'))], negotiation)
      .map((part) => part.html)
      .join('');
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x&gt; &amp; ');
  });

  it.each(languages)('speaks %s, with the time of the page', (language) => {
    const meeting = meetingAt(clauseId('c1'), 'attributed');
    const parts = screenSheet.parts(meeting, { text, negotiation }, language);
    const page = screenSheet.page({ meeting, parts, clauses: new Map(), version: 7, at: 0, language });
    expect(page).toContain(`<html lang="${language}">`);
    expect(page).toContain('data-version="7"');
    expect(page).toContain('datetime="1970-01-01T00:00:00.000Z"');
    expect(page).not.toMatch(/\{\w+\}/);
    const name = { en: 'Clause 1', es: 'Párrafo 1', fr: 'Paragraphe 1', pt: 'Parágrafo 1' }[language];
    expect(page).toContain(name);
  });

  it('has the parties’ colours of the other screens', () => {
    const coloursIn = (css: string): string[] =>
      [...css.matchAll(/\.(party-\d+) \{\s*--party: (#\w+);/g)].map(([, name, colour]) => `${name} ${colour}`);
    const client = coloursIn(readFileSync(join(root, 'client/styles/parties.css'), 'utf8'));
    const screen = readFileSync(join(root, 'server/reading/assets/screen.css'), 'utf8');
    const both = [...screen.matchAll(/\.(party-\d+) \{\s*--party: light-dark\((#\w+), (#\w+)\);/g)];
    expect(both).toHaveLength(24);
    expect([
      ...both.map(([, name, light]) => `${name} ${light}`),
      ...both.map(([, name, , dark]) => `${name} ${dark}`),
    ]).toEqual(client);
  });
});

describe('[READ5] The parties’ amendments on the projector', () => {
  it('stand in the words, with the codes once, after the last word of each', () => {
    const { prose, wordings } = marked(
      op('c1', 'Give legal ', del('a1', 'advice'), ins('a1', 'aid'), ' and ', brk('b1', 'safe'), ' lodging'),
      amended({ a1: ['ARG', 'BRA'] }),
    );
    expect(plain(prose)).toBe('Give legal advice aid A1 ARG BRA and [ safe ] lodging');
    expect(prose).toContain('<del class="party-0"><bdi>advice</bdi></del>');
    expect(prose).toContain('<ins class="party-0"><bdi>aid</bdi></ins>');
    expect(wordings).toBe('');
  });

  it('several of the same words are drawn once; each stands in a row, in the order in which they were made', () => {
    const both = del('a1', del('a2', 'each province'));
    const { prose, wordings } = marked(
      op('c1', 'in ', both, ins('a2', 'every port'), ins('a1', 'the regions'), ', staffed'),
      amended({ a1: ['ARG', 'CAN'], a2: ['BRA'] }),
    );
    expect(plain(prose)).toBe('in each province 2 wordings , staffed');
    expect(plain(wordings)).toBe('2 wordings in place of “each province” A1 ARG CAN the regions A2 BRA every port');
  });

  it('a deletion among them shows the words that it strikes', () => {
    const { wordings } = marked(
      op('c1', del('a1', del('a2', 'no less than ')), del('a1', 'thirty'), ins('a3', ' working'), ' days'),
      amended({ a1: ['ARG'], a2: ['BRA'], a3: ['CAN'] }),
    );
    expect(plain(wordings)).toBe(
      '3 wordings in place of “no less than thirty” A1 ARG no less than thirty A2 BRA no less than thirty A3 CAN no less than thirty working',
    );
    expect(wordings).toContain('<del><bdi>no less than </bdi></del><del><bdi>thirty</bdi></del>');
    expect(wordings).toContain('<del><bdi>no less than </bdi></del><bdi>thirty</bdi>');
  });

  it('hundreds of the same words cost no more than their first rows', () => {
    const names = Array.from({ length: 600 }, (_, at) => `a${at}x`);
    const clause = op(
      'c1',
      'in ',
      names.reduce((words, name) => del(name, words), del('a', 'each province')),
      ...names.map((name) => ins(name, ` ${name}`)),
    );
    const begun = performance.now();
    const { wordings } = marked(clause, amended(Object.fromEntries(['a', ...names].map((name) => [name, ['ARG']]))));
    expect(performance.now() - begun).toBeLessThan(500);
    expect(wordings.match(/<li/g)).toHaveLength(25);
    expect(plain(wordings)).toMatch(/And 577 more$/);
  });

  it('an amendment to an amendment is read with it', () => {
    const { wordings } = marked(
      op('c1', 'care', ins('a1', ' and '), ins('a2', 'social '), ins('a1', 'psychological'), ins('a3', ' help')),
      amended({ a1: ['ARG'], a2: ['BRA'], a3: ['CAN'] }, { a2: 'a1' }),
    );
    expect(plain(wordings)).toBe('3 wordings A1 ARG and psychological A2 BRA and social psychological A3 CAN help');
  });

  it('type is the smaller the longer the clause is', () => {
    const sizes = [100, 400, 700, 900, 1100, 1400, 9000].map(
      (letters) => /fit-(\d)/.exec(drawn('clean', [op('c1', 'x'.repeat(letters))])[1]?.html ?? '')?.[1],
    );
    expect(sizes).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  });
});

describe('[READ6] The observers’ page', () => {
  const text = [op('c1', 'Open'), sub('c2', 'in ', del('a1', 'each'), ' province'), chapeau('c4', 'Urges')];
  const at = (view: ObserverView, current: string | null) =>
    meetingAt(current === null ? null : clauseId(current), view);
  const found = { text, negotiation: new LiveState() };

  it.each([
    ['c1', 'Recommendation 2, clause 1'],
    ['c2', 'Recommendation 2, clause 1 (a)'],
    ['c4', 'Recommendation 2, opening line'],
    [null, 'Recommendation 2'],
  ])('names the clause under discussion: %s is %s', (current, name) => {
    const place = placeUnderDiscussion(at('clean', current), found, 'en');
    expect(place === null ? null : placeName(place, 'en')).toBe(name);
  });

  it('links to it, and marks it in the text', () => {
    const [part] = textSheet.parts(at('clean', 'c2'), found, 'en');
    expect(part?.html).toContain(`<a href="#clause-${clauseId('c2')}">Under discussion: `);
    const clauses = textSheet.clauses?.(found, recommendation, at('clean', 'c2'), 'en') ?? [];
    expect(clauses.map(({ html }) => html.includes('Under discussion'))).toEqual([false, true, false]);
    const unmarked = textSheet.clauses?.(found, recommendation, at('clean', null), 'en') ?? [];
    expect(unmarked.map(({ html }) => html.includes('Under discussion'))).toEqual([false, false, false]);
  });

  it('names none in a closed session', () => {
    expect(textSheet.parts(at('nothing', 'c2'), found, 'en')).toEqual(
      textSheet.parts(at('nothing', null), found, 'en'),
    );
  });

  it.each([
    ['en', 'delete:'],
    ['es', 'suprimir:'],
    ['fr', 'supprimer :'],
    ['pt', 'suprimir:'],
  ] as const)('says in %s which words are struck, so that a copy as text says it too', (language, sign) => {
    const clauses = textSheet.clauses?.(found, recommendation, at('bracketed', null), language) ?? [];
    expect(plain(clauses[1]?.html ?? '').replace(/^\S+ /, '')).toBe(`in [ ${sign} each ] province`);
  });

  it.each([
    ['en', 'As at Thursday, January 1, 1970'],
    ['es', 'Texto al jueves, 1 de enero de 1970'],
    ['fr', 'État du texte : jeudi 1 janvier 1970'],
    ['pt', 'Texto em quinta-feira, 1 de janeiro de 1970'],
  ] as const)('says in %s as at which time its text is, except in a closed session', (language, words) => {
    const page = (view: ObserverView): string =>
      textSheet.page({ meeting: at(view, null), parts: [], clauses: new Map(), version: 1, at: 50_000_000, language });
    expect(plain(page('clean'))).toContain(words);
    expect(page('nothing')).not.toContain('as-at');
  });
});
