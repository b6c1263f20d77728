import { describe, expect, it } from 'vitest';
import { linesOfText } from '../../../client/editor/paste.ts';

describe('[ED1] Pasted text', () => {
  it('loses what may not stand in a text, and lines in which there is nothing to see', () => {
    expect(linesOfText('Urge\tall \u202estates\u202c\r\n\u200b\n\u3164\nco\u00adoperate 👩‍👧\u2028now')).toEqual([
      'Urge all states',
      'cooperate 👩‍👧',
      'now',
    ]);
    expect(linesOfText('\u200b')).toEqual(['']);
  });
});
