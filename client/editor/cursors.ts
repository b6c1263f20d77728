import type { DecorationAttrs } from 'prosemirror-view';
import { z } from 'zod';
import { Presence } from '../../shared/contract.ts';
import type { PartyCode } from '../../shared/ids.ts';
import type { PartyFace } from './facts.ts';

/** Who a cursor belongs to is what the server said of it; y-prosemirror hands on the `user` part. */
const User = z.object({ user: Presence.shape.user });

const faceOf = (
  user: unknown,
  face: (party: PartyCode) => PartyFace,
): { colour: string; label: string; name: string } => {
  const parsed = User.safeParse({ user });
  if (!parsed.success) return { colour: '', label: '', name: '' };
  const { name, party } = parsed.data.user;
  if (party === null) return { colour: 'party-none', label: name, name };
  const { colour, code } = face(party);
  return { colour, label: code, name };
};

/** A caret with the party's code: classes only, as the page allows no inline styles. */
export const cursorBuilder =
  (face: (party: PartyCode) => PartyFace) =>
  (user: unknown): HTMLElement => {
    const { colour, label, name } = faceOf(user, face);
    const caret = document.createElement('span');
    caret.className = `cursor ${colour}`;
    caret.ariaHidden = 'true';
    const flag = document.createElement('span');
    flag.className = 'cursor-flag';
    flag.textContent = label;
    flag.title = name;
    // Word joiners keep a caret from breaking the line that it stands in.
    caret.append('\u2060', flag, '\u2060');
    return caret;
  };

export const selectionBuilder =
  (face: (party: PartyCode) => PartyFace) =>
  (user: unknown): DecorationAttrs => ({ class: `cursor-selection ${faceOf(user, face).colour}` });
