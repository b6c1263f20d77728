import stylesheet from './assets/reading.css?raw';
import script from './assets/reading.js?raw';

/** The observers' page has one stylesheet and one small script, held in memory as they are in the source. */
export { script, stylesheet };
