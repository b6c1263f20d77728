import type { ClauseId, MarkId } from '../../../shared/protocol/ids.ts';
import { clauseName, language, t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';

/** The number of an amendment, by which the decision bar and the list refer to it. */
export const amendmentName = ({ drafting }: DraftingContext, id: MarkId): string => drafting.numberOf(id);

export const nameOfClause = ({ drafting }: DraftingContext, id: ClauseId): string =>
  clauseName(drafting.referenceOf(id));

/** Longer lists end with the number of the others. */
const most = 8;

/** "ARG, BRA and 3 more", in the reader's language. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, most);
  const rest = names.length - shown.length;
  const all = rest === 0 ? shown : [...shown, t('deciding.more', { count: rest })];
  return new Intl.ListFormat(language.value).format(all);
}

export const amendmentNames = (context: DraftingContext, ids: readonly MarkId[]): string =>
  listed(ids.map((id) => amendmentName(context, id)));
