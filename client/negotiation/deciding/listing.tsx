import { useLocation } from 'preact-iso/router';
import { t } from '../../words.ts';

const suffix = '/amendments';

/**
 * Whether an address is that of the marshalled list. The list is a view of the drafting page under its own address:
 * both show the same open document.
 */
export const isListing = (path: string): boolean => path.endsWith(suffix);

/** The address of the text. */
export const textAddress = (path: string): string => (isListing(path) ? path.slice(0, -suffix.length) : path);

export function ListLink() {
  const { path } = useLocation();
  return <a href={`${textAddress(path)}${suffix}`}>{t('list.link')}</a>;
}

export function TextLink() {
  const { path } = useLocation();
  return <a href={textAddress(path)}>{t('list.back')}</a>;
}
