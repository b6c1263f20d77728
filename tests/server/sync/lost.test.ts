import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { Replica } from '../../../server/yjs/replica.ts';
import { newClauseId, newMarkId } from '../../../shared/protocol/ids.ts';
import { noMarks } from '../../../shared/text/clause.ts';
import { clauseElement, markKey } from '../../../shared/text/document.ts';
import { headOf, Screen } from '../../helpers/screen.ts';
import { delegate, op, rapporteur } from '../../helpers/texts.ts';

const ins = (id = newMarkId()) => ({ [markKey('insertion', id)]: { id } });
const heads = (): Replica =>
  headOf([op('c1', 'Urge states to act'), op('c2', 'Invite organs'), op('c3'), op('c4', 'Note')]);

/** An offline edit; meanwhile the first and the third clause are removed; then it is sent. */
function afterwards(work: Parameters<Screen['make']>[0]): {
  outcome: string;
  head: Replica;
  update: Uint8Array;
  screen: Screen;
} {
  const head = heads();
  const screen = new Screen(head, delegate('ARG'));
  const update = screen.make(work);
  expect(new Screen(head, rapporteur).change((_, text) => text.delete(2, 1))).toBe('accepted');
  expect(new Screen(head, rapporteur).change((_, text) => text.delete(0, 1))).toBe('accepted');
  return { outcome: screen.send(update), head, update, screen };
}

describe('[SCR3] Words that land where nothing is left', () => {
  it('are refused, not lost', () => {
    expect(afterwards((words) => words(0).insert(5, 'all ', ins())).outcome).toBe('clause-gone');
  });

  it('all of the update, where only some of its words do', () => {
    const { outcome, head } = afterwards((words) => {
      words(1).insert(0, 'Kindly ', ins());
      words(0).insert(5, 'all ', ins());
    });
    expect(outcome).toBe('clause-gone');
    expect(JSON.stringify(head.text())).not.toContain('Kindly');
  });

  it('in a text that was brought for them, into an empty clause', () => {
    const { outcome } = afterwards((_, text) => {
      const words = new Y.XmlText();
      words.insert(0, 'Act', ins());
      (text.get(2) as Y.XmlElement).insert(0, [words]);
    });
    expect(outcome).toBe('clause-gone');
  });

  it('also where their author deleted a part of them', () => {
    expect(
      afterwards((words) => {
        words(0).insert(5, 'all of the ', ins());
        words(0).delete(8, 3);
      }).outcome,
    ).toBe('clause-gone');
  });

  it('but what its author deleted again is no loss, nor a strike, nor a clause beside the one that went', () => {
    expect(
      afterwards((words) => {
        words(0).insert(5, 'all ', ins());
        words(0).delete(5, 4);
      }).outcome,
    ).toBe('accepted');
    const id = newMarkId();
    expect(afterwards((words) => words(0).format(0, 4, { [markKey('deletion', id)]: { id } })).outcome).toBe(
      'accepted',
    );
    const { outcome, head } = afterwards((_, text) =>
      text.insert(1, [
        clauseElement({
          id: newClauseId(),
          kind: 'operative',
          level: 0,
          insertion: id,
          runs: [{ text: 'Act', marks: { ...noMarks, insertion: [id] } }],
        }),
      ]),
    );
    expect(outcome).toBe('accepted');
    expect(head.text().length).toBe(3);
  });
});
