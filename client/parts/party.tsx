import type { PartyFace } from '../editor/facts.ts';

/** A party's code in its colour, with its name as tooltip and accessible name. */
export function PartyTag({ code, name, colour }: PartyFace) {
  return (
    <abbr class={`party-tag ${colour}`} title={name}>
      {code}
    </abbr>
  );
}
