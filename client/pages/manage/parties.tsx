import { useSignal } from '@preact/signals';
import type { Party } from '../../../shared/meeting/meeting.ts';
import { PartyKind } from '../../../shared/meeting/principal.ts';
import type { MeetingView } from '../../../shared/protocol/contract.ts';
import { PartyCode } from '../../../shared/protocol/ids.ts';
import { languages } from '../../../shared/words/words.ts';
import { sentenceOf } from '../../api.ts';
import { faceIn, type Meeting } from '../../meeting.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { PartyTag } from '../../parts/party.tsx';
import { nameOf, t } from '../../words.ts';
import { orderIn } from '../meeting.tsx';

const kindKeys = {
  state: 'party.state',
  organ: 'party.organ',
  observer: 'party.observer',
  group: 'party.group',
} as const;
const ownNames = { en: 'English', es: 'Español', fr: 'Français', pt: 'Português' } as const;

/** Parties: names in four languages, kind, aliases, members of a group. */
export function Parties({ meeting, view }: { meeting: Meeting; view: MeetingView }) {
  const editing = useSignal<Party | 'new' | null>(null);
  const close = (): void => {
    editing.value = null;
  };
  return (
    <section class="panel" aria-labelledby="parties-title">
      <h2 id="parties-title">{t('manage.parties')}</h2>
      <ul class="plain listing">
        {view.parties.map((party) => (
          <li key={party.code}>
            <span class="listing-name">
              <PartyTag {...faceIn(view, party.code)} /> <strong>{nameOf(party)}</strong>{' '}
              <span class="quiet">
                {t(kindKeys[party.kind])}
                {party.aliases.length > 0 && ` · ${party.aliases.join(', ')}`}
                {party.members.length > 0 && ` · ${party.members.join(', ')}`}
              </span>
            </span>
            <span class="row">
              <button
                type="button"
                class="button"
                aria-label={`${t('app.edit')}: ${nameOf(party)}`}
                onClick={() => {
                  editing.value = party;
                }}
              >
                {t('app.edit')}
              </button>
              <button
                type="button"
                class="button"
                aria-label={`${t('app.remove')}: ${nameOf(party)}`}
                onClick={() => void orderIn(meeting, { type: 'remove-party', code: party.code })}
              >
                {t('app.remove')}
              </button>
            </span>
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="button button-strong"
        onClick={() => {
          editing.value = 'new';
        }}
      >
        {t('manage.add-party')}
      </button>
      {editing.value !== null && (
        <PartyDialog
          meeting={meeting}
          view={view}
          party={editing.value === 'new' ? null : editing.value}
          close={close}
        />
      )}
    </section>
  );
}

function PartyDialog({
  meeting,
  view,
  party,
  close,
}: {
  meeting: Meeting;
  view: MeetingView;
  party: Party | null;
  close: () => void;
}) {
  const code = useSignal(party?.code ?? '');
  const names = useSignal({
    en: party?.names.en ?? '',
    es: party?.names.es ?? '',
    fr: party?.names.fr ?? '',
    pt: party?.names.pt ?? '',
  });
  const kind = useSignal<PartyKind>(party?.kind ?? 'state');
  const aliases = useSignal(party?.aliases.join(', ') ?? '');
  const members = useSignal<readonly PartyCode[]>(party?.members ?? []);
  const failure = useSignal('');
  const save = async (): Promise<void> => {
    const parsed = PartyCode.safeParse(code.value.toUpperCase().trim());
    if (!parsed.success) {
      failure.value = t('error.party-unknown');
      return;
    }
    const { en, es, fr, pt } = names.value;
    const optional = Object.fromEntries(Object.entries({ es, fr, pt }).filter(([, name]) => name.trim() !== ''));
    try {
      await meeting.execute({
        type: 'set-party',
        party: {
          code: parsed.data,
          names: { en, ...optional },
          kind: kind.value,
          aliases: aliases.value
            .split(',')
            .map((alias) => alias.trim())
            .filter((alias) => alias !== ''),
          members: kind.value === 'group' ? [...members.value] : [],
        },
      });
      close();
    } catch (error) {
      failure.value = sentenceOf(error);
    }
  };
  return (
    <Dialog title={party === null ? t('manage.add-party') : nameOf(party)} onClose={close}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label>
          {t('manage.code')}
          <input
            required
            maxLength={12}
            pattern="[A-Za-z][A-Za-z0-9\-]*"
            readOnly={party !== null}
            value={code.value}
            onInput={(event) => {
              code.value = event.currentTarget.value;
            }}
          />
        </label>
        {languages.map((language) => (
          <label key={language}>
            {t('manage.name-in', { language: ownNames[language] })}
            <input
              required={language === 'en'}
              maxLength={200}
              value={names.value[language]}
              onInput={(event) => {
                names.value = { ...names.value, [language]: event.currentTarget.value };
              }}
            />
          </label>
        ))}
        <label>
          {t('manage.kind')}
          <select
            value={kind.value}
            onChange={(event) => {
              const chosen = PartyKind.safeParse(event.currentTarget.value);
              if (chosen.success) kind.value = chosen.data;
            }}
          >
            {PartyKind.options.map((one) => (
              <option key={one} value={one}>
                {t(kindKeys[one])}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('manage.aliases')}
          <input
            value={aliases.value}
            onInput={(event) => {
              aliases.value = event.currentTarget.value;
            }}
          />
        </label>
        {kind.value === 'group' && (
          <fieldset>
            <legend>{t('manage.members')}</legend>
            {view.parties
              .filter((one) => one.kind === 'state')
              .map((one) => (
                <label key={one.code} class="check">
                  <input
                    type="checkbox"
                    checked={members.value.includes(one.code)}
                    onChange={(event) => {
                      members.value = event.currentTarget.checked
                        ? [...members.value, one.code]
                        : members.value.filter((member) => member !== one.code);
                    }}
                  />{' '}
                  {nameOf(one)}
                </label>
              ))}
          </fieldset>
        )}
        <p class="failure" role="alert">
          {failure.value}
        </p>
        <div class="row">
          <button type="submit" class="button button-strong">
            {t('app.save')}
          </button>
          <button type="button" class="button" onClick={close}>
            {t('app.cancel')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
