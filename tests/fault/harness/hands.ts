import * as Y from 'yjs';
import { readMetadata } from '../../../shared/negotiation/metadata.ts';
import { ClauseId, type MarkId, newClauseId, newMarkId } from '../../../shared/protocol/ids.ts';
import { clauseElement, deltaOf, markKey, readMark, recordOf, textOf } from '../../../shared/text/document.ts';
import { endedAt } from '../../helpers/oracle.ts';
import type { Device } from './device.ts';

/** Words that occur once in a meeting: whoever finds them twice knows that something was doubled. */
export const word = (name: string, number: number): string => `<${name}${String(number).padStart(6, '0')}>`;
export const wordsIn = (text: string): readonly string[] => text.match(/<[a-z]+\d{6}>/g) ?? [];

interface Place {
  readonly text: Y.XmlText;
  readonly at: number;
}

/** Somewhere in a clause that the record says is open. */
function somewhere(doc: Y.Doc, random: () => number): Place | null {
  const clauses = textOf(doc).toArray();
  const clause = clauses[Math.floor(random() * clauses.length)];
  const text = clause instanceof Y.XmlElement ? clause.get(0) : null;
  if (!(clause instanceof Y.XmlElement) || !(text instanceof Y.XmlText)) return null;
  const id = ClauseId.safeParse(clause.getAttribute('id'));
  if (!id.success) return null;
  const record = readMetadata(recordOf(doc), { of: 'clause', id: id.data });
  if (record?.of === 'clause' && record.value.status.state !== 'open') return null;
  return { text, at: Math.floor(random() * (text.length + 1)) };
}

/** Whether a mark may still be written with, as far as this document knows: new, or open. */
function isOpen(doc: Y.Doc, id: MarkId): boolean {
  const record = readMetadata(recordOf(doc), { of: 'mark', id });
  return record === null || (record.of === 'mark' && record.value.state === 'open');
}

/** Where words stand that are inserted by one of these marks alone (or, without marks, that nobody proposes to insert). */
function stretch({ doc }: Device, text: Y.XmlText, marks: readonly MarkId[]): { at: number; length: number } | null {
  let at = 0;
  for (const { insert, attributes } of deltaOf(text)) {
    const insertions = Object.entries(attributes ?? {}).flatMap(([key, value]) => {
      const { name, id } = readMark(key, value);
      return name === 'insertion' ? [id] : [];
    });
    const fits =
      marks.length === 0
        ? insertions.length === 0
        : insertions.length > 0 && insertions.every((id) => marks.includes(id) && isOpen(doc, id));
    if (fits && insert.length > 0) return { at, length: insert.length };
    at += insert.length;
  }
  return null;
}

/** One thing that a delegate does: types, goes on typing, strikes, brackets, takes back own words, adds a clause. */
export function delegateEdits(device: Device, random: () => number, next: string): void {
  const { doc } = device;
  const place = somewhere(doc, random);
  if (place === null) return;
  const { text } = place;
  const what = random();
  const known = device.marks.at(-1);
  // An amendment goes on where its words stand; elsewhere another begins.
  const stands = known !== undefined && what < 0.3 ? stretch(device, text, [known]) : null;
  const id = known !== undefined && stands !== null ? known : newMarkId();
  const at = stands === null ? place.at : stands.at + stands.length;
  const make = (): void => {
    if (id !== known) device.marks.push(id);
  };
  const mark = (kind: 'insertion' | 'deletion' | 'bracket'): Record<string, { id: MarkId }> => ({
    [markKey(kind, id)]: { id },
  });
  const some = Math.min(1 + Math.floor(random() * 8), text.length - at);
  doc.transact(() => {
    if (what < 0.6) {
      make();
      text.insert(at, next, { ...endedAt(text, at), ...mark('insertion') });
    } else if (what < 0.72) {
      if (some > 0) text.format(at, some, mark('deletion'));
    } else if (what < 0.78) {
      if (some > 0) text.format(at, some, mark('bracket'));
    } else if (what < 0.9) {
      const own = stretch(device, text, device.marks);
      if (device.marks.length > 0 && own !== null) text.delete(own.at, Math.min(own.length, 3));
    } else if (textOf(doc).length < 40) {
      make();
      const clause = clauseElement({ id: newClauseId(), kind: 'operative', level: 0, insertion: id, runs: [] });
      textOf(doc).insert(Math.floor(random() * (textOf(doc).length + 1)), [clause]);
    }
  });
}

/** One thing that the rapporteur does: edits the base text. */
export function rapporteurEdits(device: Device, random: () => number, next: string): void {
  const { doc } = device;
  const place = somewhere(doc, random);
  if (place === null) return;
  const { text } = place;
  // A clause that a party proposes is the party's.
  const clause = text.parent;
  if (clause instanceof Y.XmlElement && clause.getAttribute('insertion') !== undefined) return;
  const base = stretch(device, text, []);
  // Never inside what a party proposes to add.
  const at = base === null ? 0 : base.at + Math.floor(random() * base.length);
  doc.transact(() => {
    if (random() < 0.7) text.insert(at, next, endedAt(text, at));
    else {
      if (base !== null) text.delete(base.at, Math.min(base.length, 2));
    }
  });
}
