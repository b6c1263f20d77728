import { type MarkSpec, Schema } from 'prosemirror-model';

/**
 * The ProseMirror schema of a recommendation: a flat list of clauses. Levels are numbers and labels are computed, so
 * no merge can produce an invalid nesting; `clause*` and `text*` are content expressions that no merge can violate
 * (y-prosemirror deletes, for everybody, whatever a client's schema rejects).
 *
 * Named at connection (`?schema=`): a client of another version is refused before it can delete anything.
 */
export const schemaVersion = 1;

/**
 * The kind of a clause: the opening line, a recital that opens with a participle, or an operative clause, which opens
 * with a verb.
 */
export const clauseKinds = ['chapeau', 'preambular', 'operative'] as const;
export type ClauseKind = (typeof clauseKinds)[number];

/** 0 is numbered 1., 1 is (a), 2 is (i). */
export const deepestLevel = 2;

/** The marks that a party owns, and `origin`, which the server leaves on adopted words. Each carries an id and nothing else. */
export const markNames = ['insertion', 'deletion', 'bracket', 'comment', 'origin'] as const;
export type MarkName = (typeof markNames)[number];

// `excludes: ''`: two parties may strike the same words, so a mark does not push out another of its kind.
const ownedMark = (tag: string, inclusive: boolean): MarkSpec => ({
  attrs: { id: { validate: 'string' } },
  excludes: '',
  inclusive,
  toDOM: (mark) => [tag, { 'data-mark': mark.type.name, 'data-id': String(mark.attrs.id) }, 0],
});

export const schema = new Schema({
  nodes: {
    doc: { content: 'clause*' },
    clause: {
      content: 'text*',
      attrs: {
        id: { validate: 'string' },
        kind: { default: 'operative', validate: 'string' },
        level: { default: 0, validate: 'number' },
        /** The amendment that proposes the whole clause, or null for a clause of the text. */
        insertion: { default: null, validate: 'string|null' },
      },
      defining: true,
      toDOM: (node) => ['p', { class: 'clause', 'data-clause': String(node.attrs.id) }, 0],
    },
    text: {},
  },
  marks: {
    insertion: ownedMark('ins', false),
    deletion: ownedMark('del', false),
    bracket: ownedMark('span', false),
    comment: ownedMark('span', false),
    origin: ownedMark('span', false),
  },
});
