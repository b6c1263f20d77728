import { encode } from '../runtime/encoded.ts';
import css from './assets/reading.css?raw';
import js from './assets/reading.js?raw';
import screenCss from './assets/screen.css?raw';

/** The pages that the server renders have a stylesheet each and one small script, in memory as they are in the source. */
export const stylesheet = encode('text/css; charset=utf-8', css);
export const screenStylesheet = encode('text/css; charset=utf-8', screenCss);
export const script = encode('text/javascript; charset=utf-8', js);
