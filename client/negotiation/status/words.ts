import type { Status } from '../../../shared/negotiation/families/status/state.ts';
import { t } from '../../words.ts';

/** A status in words: who waits for their capital stands with it. */
export function statusWords(status: Status): string {
  if (status.state === 'open') return t('status.open');
  if (status.state === 'agreed') return t('status.agreed');
  return status.parties.length === 0
    ? t('status.ad-referendum')
    : `${t('status.ad-referendum')} (${t('status.waiting', { parties: status.parties.join(', ') })})`;
}
