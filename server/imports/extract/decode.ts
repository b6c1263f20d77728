import { ConcordError } from '../../../shared/protocol/errors.ts';

/** A compilation of a long meeting has some hundred kilobytes. */
export const largestImport = 5 * 1024 * 1024;

/**
 * The text of a file: UTF-8, UTF-16 if it has a byte order mark, else Windows-1252, which older word processors write.
 *
 * Throws `import-unreadable` for a file that is empty, too large, or not text.
 */
export function decode(source: Uint8Array | string): string {
  if (typeof source === 'string') {
    if (source.length > largestImport) throw new ConcordError('import-unreadable');
    return checked(source);
  }
  if (source.length > largestImport) throw new ConcordError('import-unreadable');
  const [first, second] = source;
  if (first === 0xff && second === 0xfe) return checked(new TextDecoder('utf-16le').decode(source));
  if (first === 0xfe && second === 0xff) return checked(new TextDecoder('utf-16be').decode(source));
  try {
    return checked(new TextDecoder('utf-8', { fatal: true }).decode(source));
  } catch (error) {
    if (error instanceof ConcordError) throw error;
    return checked(new TextDecoder('windows-1252').decode(source));
  }
}

function checked(text: string): string {
  // A zero byte, or many control characters: a word processor's own format, or an image.
  if (text.trim() === '' || text.includes('\0') || text.startsWith('%PDF') || text.startsWith('{\\rtf'))
    throw new ConcordError('import-unreadable');
  return text;
}
