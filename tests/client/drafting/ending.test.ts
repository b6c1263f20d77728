import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type Ending, endingOf } from '../../../client/drafting/ending.ts';
import { lettersIn } from '../../../client/drafting/unsent.ts';
import { nextFrom } from '../../../client/next.ts';
import { errorCatalogue } from '../../../shared/protocol/errors.ts';

describe('[SCR3] Words that nobody judged are kept', () => {
  it.each<[string, 'verdict' | 'close', Ending]>([
    ['clause-locked', 'verdict', 'refused'],
    ['not-your-words', 'verdict', 'refused'],
    ['drafting-closed', 'verdict', 'refused'],
    ['role-may-not', 'verdict', 'refused'],
    ['update-incomplete', 'verdict', 'refused'],
    ['internal', 'verdict', 'refused'],
    ['accreditation-ended', 'verdict', 'barred'],
    ['not-signed-in', 'close', 'barred'],
    ['accreditation-ended', 'close', 'barred'],
    ['role-may-not', 'close', 'barred'],
    ['not-found', 'close', 'barred'],
    ['foreign-origin', 'close', 'barred'],
    ['schema-outdated', 'close', 'barred'],
    ['bad-request', 'close', 'barred'],
    ['a-code-of-later', 'close', 'barred'],
    ['client-taken', 'close', 'refused'],
    ['too-many-connections', 'close', 'evicted'],
    ['too-many-requests', 'close', 'evicted'],
  ])('%s, as a %s: %s', (code, how, ending) => {
    expect(endingOf(code, how === 'verdict')).toBe(ending);
  });

  it('a close alone never refuses words, whatever its code, but for a client id that is somebody else’s', () => {
    const refusing = Object.keys(errorCatalogue).filter((code) => endingOf(code, false) === 'refused');
    expect(refusing).toEqual(['client-taken']);
  });

  it('the letters of one’s own are found in an update that fits no text any more', () => {
    const doc = new Y.Doc();
    const text = doc.getText('text');
    text.insert(0, 'of others');
    const before = Y.encodeStateVector(doc);
    doc.clientID = 7;
    text.insert(3, 'all ');
    text.insert(7, 'the ');
    text.insert(0, 'gone');
    text.delete(0, 4);
    expect(lettersIn(Y.encodeStateAsUpdate(doc), [7])).toEqual(['all the ']);
    expect(lettersIn(Y.encodeStateAsUpdate(doc, before), [7])).toEqual(['all the ']);
    expect(lettersIn(Y.encodeStateAsUpdate(doc), [8])).toEqual([]);
  });
});

describe('[SCR5] Signing in continues to the address that was asked for', () => {
  it.each([
    ['/meetings/abc/text', 'https://concord.example/meetings/abc/text'],
    ['/meetings/abc/text?of=1#c2', 'https://concord.example/meetings/abc/text?of=1#c2'],
    ['/', 'https://concord.example/'],
    ['/.//evil.example', 'https://concord.example//evil.example'],
    ['//evil.example', null],
    ['/\\evil.example', null],
    ['\\\\evil.example', null],
    ['/\t/evil.example', null],
    ['/\n\\evil.example', null],
    ['https://evil.example/', null],
    ['https:evil.example', null],
    ['javascript:alert(1)', null],
    ['//concord.example@evil.example', null],
    [' /meetings', null],
    ['meetings', null],
    ['/sign-in', null],
    ['', null],
  ])('%j', (next, expected) => {
    expect(nextFrom(`?next=${encodeURIComponent(next)}`, 'https://concord.example')).toBe(expected);
  });
});
