import type { History } from '../../shared/contract.ts';
import type { MarkId } from '../../shared/ids.ts';
import { PartyTag } from '../parts/party.tsx';
import { moment, t } from '../words.ts';
import type { Desk } from './desk.ts';
import { statusWords } from './status.ts';

const commandKeys = {
  typing: 'history.typing',
  create: 'history.create',
  adopt: 'history.adopt',
  'not-adopt': 'history.not-adopt',
  withdraw: 'history.withdraw',
  'lift-bracket': 'history.lift-bracket',
  'set-sponsors': 'history.set-sponsors',
} as const;
const isKnown = (command: string): command is keyof typeof commandKeys => Object.hasOwn(commandKeys, command);

/** A clause's history, entry by entry: who, when, what, and the words as they then stood. */
export function HistoryList({ history, desk }: { history: History; desk: Desk }) {
  const partyOf = (id: MarkId) => {
    const party = history.marks[id]?.party;
    return party === undefined ? null : desk.face(party);
  };
  return (
    <ol class="plain history">
      {history.lines.map(({ sequence, at, by, onBehalfOf, command, reason, runs, status }) => (
        <li key={sequence}>
          <p class="card-head">
            {by.party !== null && <PartyTag {...desk.face(by.party)} />}
            <strong>
              {command === 'set-status'
                ? t('history.set-status', { status: statusWords(status) })
                : t(isKnown(command) ? commandKeys[command] : 'history.other')}
            </strong>
            <span class="quiet">
              {by.name}
              {onBehalfOf !== null && ` ${t('history.on-behalf', { party: desk.face(onBehalfOf).name })}`},{' '}
              <time dateTime={new Date(at).toISOString()}>{moment(at)}</time> · #{sequence}
            </span>
          </p>
          {reason !== null && <p class="card-reason">{reason}</p>}
          {runs === null ? (
            <p class="quiet">{t('history.gone')}</p>
          ) : (
            <p class="text-sample">
              {runs.map(({ text, marks }, index) => {
                const [inserted] = marks.insertion;
                const [struck] = marks.deletion;
                const face = inserted !== undefined ? partyOf(inserted) : struck !== undefined ? partyOf(struck) : null;
                if (struck !== undefined)
                  return (
                    <del key={index} class={face?.colour} title={face?.name}>
                      {text}
                    </del>
                  );
                if (inserted !== undefined)
                  return (
                    <ins key={index} class={face?.colour} title={face?.name}>
                      {text}
                    </ins>
                  );
                return <span key={index}>{text}</span>;
              })}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
