import { Plugin } from 'prosemirror-state';
import type { EditorView } from 'prosemirror-view';
import type { Clause } from '../../shared/text/clause.ts';
import { clausesOf } from './clauses.ts';
import { drawings } from './decorations.ts';
import type { Facts } from './facts.ts';
import type { ClauseViews, Gutter, Unnumbered } from './views.ts';

const statusNames = { open: 'open', agreed: 'agreed', 'agreed ad referendum': 'ad-referendum' } as const;

/** The inputs of a gutter beside the negotiation state: while neither changes, the gutter stays. */
interface Seat {
  readonly clause: Clause;
  readonly label: string;
}

/**
 * Number, status and sponsors of each clause, drawn into its node view after every change of text or negotiation state;
 * and the numbers of amendments that the server has registered since their words were drawn.
 *
 * They are no decorations, since ProseMirror compares the decorations of every clause at every letter.
 */
export function gutters(facts: () => Facts, views: ClauseViews, unnumbered: Unnumbered): Plugin {
  const seats = new WeakMap<object, Seat>();
  const draw = (view: EditorView, anew: boolean): void => {
    const now = facts();
    if (anew) for (const number of unnumbered) if (number()) unnumbered.delete(number);
    const clauses = clausesOf(view.state.doc);
    const labels = now.labels(clauses);
    clauses.forEach((clause, index) => {
      const drawn = views.get(clause.id);
      if (drawn === undefined) return;
      const label = labels[index] ?? '';
      const seat = seats.get(drawn);
      if (!anew && seat?.label === label && seat.clause.insertion === clause.insertion) return;
      seats.set(drawn, { clause, label });
      drawn.show(gutterOf(clause, label, now));
    });
  };
  return new Plugin({
    view: (view) => {
      draw(view, true);
      return {
        update: (updated, before) => {
          const anew = drawings(updated.state) !== drawings(before);
          if (anew || updated.state.doc !== before.doc) draw(updated, anew);
        },
      };
    },
  });
}

function gutterOf(clause: Clause, label: string, facts: Facts): Gutter {
  const status = facts.statusOf(clause.id);
  const proposed = clause.insertion !== null;
  const sponsors = clause.insertion === null ? facts.sponsorsOf(clause.id) : facts.supportersOf(clause.insertion);
  return {
    label,
    sponsors: sponsors.map((party) => facts.face(party)),
    status: proposed ? 'proposed' : statusNames[status.state],
    statusWords: proposed ? facts.words.proposed : facts.words.status(status),
    currentWords: facts.currentClause === clause.id ? facts.words.currentClause : '',
  };
}
