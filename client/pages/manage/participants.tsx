import { useSignal } from '@preact/signals';
import type { Participant } from '../../../shared/meeting/meeting.ts';
import { Role } from '../../../shared/meeting/principal.ts';
import type { MeetingView } from '../../../shared/protocol/contract.ts';
import { PartyCode } from '../../../shared/protocol/ids.ts';
import { sentenceOf } from '../../api.ts';
import { faceIn, type Meeting } from '../../meeting.ts';
import { announce } from '../../parts/announcer.tsx';
import { BusyButton } from '../../parts/busy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { PartyTag } from '../../parts/party.tsx';
import { moment, nameOf, t } from '../../words.ts';
import { orderIn } from '../meeting.tsx';

const roleKeys = {
  chair: 'role.chair',
  rapporteur: 'role.rapporteur',
  delegate: 'role.delegate',
  observer: 'role.observer',
} as const;

/** Accreditations: person, party and role; invitation links, and the end of an accreditation. */
export function Participants({ meeting, view }: { meeting: Meeting; view: MeetingView }) {
  const ending = useSignal<Participant | null>(null);
  return (
    <section class="panel" aria-labelledby="participants-title">
      <h2 id="participants-title">{t('manage.participants')}</h2>
      <ul class="plain listing">
        {view.participants.map((participant) => (
          <li key={participant.id} class={participant.ended ? 'is-ended' : undefined}>
            <span class="listing-name">
              <strong>{participant.name}</strong> <span class="quiet">{t(roleKeys[participant.role])}</span>{' '}
              {participant.party !== null && <PartyTag {...faceIn(view, participant.party)} />}
            </span>
            {participant.ended ? (
              <span class="quiet">{t('manage.ended')}</span>
            ) : (
              <span class="row">
                {participant.account !== null && <span class="quiet">{t('manage.taken-up')}</span>}
                <Invite meeting={meeting} participant={participant} />
                <button
                  type="button"
                  class="button"
                  aria-label={`${t('manage.end')}: ${participant.name}`}
                  onClick={() => {
                    ending.value = participant;
                  }}
                >
                  {t('manage.end')}
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {ending.value !== null && (
        <Dialog
          title={t('manage.end')}
          onClose={() => {
            ending.value = null;
          }}
        >
          <p>{t('manage.end-sure', { name: ending.value.name })}</p>
          <div class="row">
            <BusyButton
              strong
              work={async () => {
                const { value } = ending;
                if (value !== null && (await orderIn(meeting, { type: 'end-accreditation', participant: value.id })))
                  ending.value = null;
              }}
            >
              {t('manage.end')}
            </BusyButton>
            <button
              type="button"
              class="button"
              onClick={() => {
                ending.value = null;
              }}
            >
              {t('app.cancel')}
            </button>
          </div>
        </Dialog>
      )}
      <Accredit meeting={meeting} view={view} />
    </section>
  );
}

function Invite({ meeting, participant }: { meeting: Meeting; participant: Participant }) {
  const link = useSignal<{ link: string; expiresAt: number } | null>(null);
  return (
    <>
      <BusyButton
        work={async () => {
          try {
            link.value = await meeting.invite(participant.id);
          } catch (error) {
            announce(sentenceOf(error));
          }
        }}
      >
        {t('manage.invite')}
      </BusyButton>
      {link.value !== null && (
        <Dialog
          title={t('manage.invite')}
          onClose={() => {
            link.value = null;
          }}
        >
          <label>
            {t('manage.link', { name: participant.name, date: moment(link.value.expiresAt) })}
            <input class="wide" readOnly value={link.value.link} onFocus={(event) => event.currentTarget.select()} />
          </label>
          <div class="row">
            <BusyButton
              strong
              work={async () => {
                // Without a secure origin there is no clipboard: the link is selected in its field.
                await navigator.clipboard?.writeText(link.value?.link ?? '').then(() => announce(t('app.copied')));
              }}
            >
              {t('app.copy')}
            </BusyButton>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Accredit({ meeting, view }: { meeting: Meeting; view: MeetingView }) {
  const name = useSignal('');
  const role = useSignal<Role>('delegate');
  const party = useSignal('');
  const failure = useSignal('');
  return (
    <form
      class="form form-line"
      onSubmit={async (event) => {
        event.preventDefault();
        const code = PartyCode.safeParse(party.value);
        failure.value = '';
        try {
          await meeting.accredit({
            type: 'accredit',
            name: name.value,
            role: role.value,
            party: code.success ? code.data : null,
          });
          name.value = '';
        } catch (error) {
          failure.value = sentenceOf(error);
        }
      }}
    >
      <h3>{t('manage.add-participant')}</h3>
      <label>
        {t('manage.name')}
        <input
          required
          maxLength={200}
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
      </label>
      <label>
        {t('manage.role')}
        <select
          value={role.value}
          onChange={(event) => {
            const chosen = Role.safeParse(event.currentTarget.value);
            if (chosen.success) role.value = chosen.data;
          }}
        >
          {Role.options.map((one) => (
            <option key={one} value={one}>
              {t(roleKeys[one])}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t('manage.party')}
        <select
          value={party.value}
          onChange={(event) => {
            party.value = event.currentTarget.value;
          }}
        >
          <option value="">{t('manage.no-party')}</option>
          {view.parties.map((one) => (
            <option key={one.code} value={one.code}>
              {nameOf(one)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button button-strong">
        {t('app.add')}
      </button>
      <p class="failure" role="alert">
        {failure.value}
      </p>
    </form>
  );
}
