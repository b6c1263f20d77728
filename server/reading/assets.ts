import { encode } from '../runtime/encoded.ts';
import css from './assets/reading.css?raw';
import js from './assets/reading.js?raw';

/** The observers' page has one stylesheet and one small script, held in memory as they are in the source. */
export const stylesheet = encode('text/css; charset=utf-8', css);
export const script = encode('text/javascript; charset=utf-8', js);
