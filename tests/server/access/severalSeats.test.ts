import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Created, InvitationLink, MeetingList, MeetingView } from '../../../shared/protocol/contract.ts';
import { ParticipantId } from '../../../shared/protocol/ids.ts';
import { connect, propose } from '../../helpers/hostileClient.ts';
import { startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

/** An accreditation as a party's delegate, accepted by the account that holds the rapporteur's. */
async function takeSeat(party: string): Promise<ParticipantId> {
  const here = `/api/meetings/${meeting.id}`;
  const body = { name: `Delegate of ${party}`, role: 'delegate', party };
  const made = await meeting.request('rapporteur', 'POST', `${here}/accredit`, body);
  const seat = ParticipantId.parse(((await made.json()) as { participant: string }).participant);
  const invited = await meeting.request('rapporteur', 'POST', `${here}/participants/${seat}/invitation`, {});
  const { link } = InvitationLink.parse(await invited.json());
  const taken = await meeting.request('rapporteur', 'POST', `/api${new URL(link).pathname}`, {});
  expect(taken.status).toBe(204);
  return seat;
}
const from = (seat: string | null, method: string, path: string, body?: unknown): Promise<Response> =>
  meeting.request('rapporteur', method, seat === null ? path : `${path}?seat=${seat}`, body);
const viewFrom = async (seat: string | null): Promise<MeetingView> =>
  MeetingView.parse(await (await from(seat, 'GET', `/api/meetings/${meeting.id}`)).json());

describe('[ACC11] An account with two accreditations in a meeting', () => {
  it('acts from the one that it names: rights, words, streams, all of it', async () => {
    const seat = await takeSeat('ARG');
    const list = MeetingList.parse(await (await from(null, 'GET', '/api/meetings')).json());
    const seats = list.find(({ id }) => id === meeting.id)?.seats.map(({ participant }) => participant);
    expect(seats).toEqual([meeting.participants.rapporteur, seat]);
    expect((await viewFrom(null)).me?.role).toBe('rapporteur');
    const view = await viewFrom(seat);
    expect(view.me).toMatchObject({ participant: seat, role: 'delegate', party: 'ARG' });
    expect(view.seats.map(({ participant }) => participant)).toEqual(seats);
    // A delegate neither accredits nor renames, whatever the same person may do under another accreditation.
    expect(view.participants).toEqual([]);
    const rename = `/api/meetings/${meeting.id}/rename`;
    expect((await from(seat, 'POST', rename, { name: 'Test meeting' })).status).toBe(403);
    expect((await from(meeting.participants.rapporteur, 'POST', rename, { name: 'Test meeting' })).status).toBe(204);
    // Words typed on the socket are Argentina's, and only Argentina may withdraw them.
    const client = await connect(meeting, 'rapporteur', { query: { seat } });
    const id = await propose(client, 0, 0, 'Strongly ');
    const { amendments } = await meeting.text();
    expect(amendments.find((one) => one.id === id)).toMatchObject({ party: 'ARG', typedBy: 'Delegate of ARG' });
    const sponsors = `/api/recommendations/${meeting.recommendation}/set-sponsors`;
    const [clause] = (await meeting.text()).clauses;
    expect((await from(seat, 'POST', sponsors, { clause: clause?.id, sponsors: ['BRA'] })).status).toBe(403);
    expect((await from(null, 'POST', sponsors, { clause: clause?.id, sponsors: ['BRA'] })).status).toBe(200);
    const reason = `/api/recommendations/${meeting.recommendation}/give-reason`;
    expect((await from(seat, 'POST', reason, { amendment: id, reason: 'Because.' })).status).toBe(200);
    // The end of the accreditation closes its own connections, and no others.
    const other = await connect(meeting, 'rapporteur', { query: { seat: meeting.participants.rapporteur } });
    const events = await from(seat, 'GET', `/api/meetings/${meeting.id}/events`);
    const stays = await from(null, 'GET', `/api/meetings/${meeting.id}/events`);
    const ended = new Promise((resolve) => client.socket.once('close', resolve));
    const end = { participant: seat };
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/end-accreditation`, end);
    expect(await ended).toBe(4403);
    const reader = events.body?.getReader();
    while ((await reader?.read())?.done === false);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
    const listening = stays.body?.getReader();
    expect((await listening?.read())?.done).toBe(false);
    await listening?.cancel();
    other.leave();
  });

  it('gets nowhere with another account’s accreditation, an ended one, or one of another meeting', async () => {
    const own = await takeSeat('CAN');
    const gone = await takeSeat('BRA');
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/end-accreditation`, { participant: gone });
    const order = {
      meeting: 'Made by import, too',
      compilation: { title: '', parties: [], topics: [{ heading: 'H', level: 1, recommendations: [] }], warnings: [] },
    };
    const made = Created.parse(await (await from(null, 'POST', '/api/imports', order)).json());
    const elsewhere = meeting.app.meetings.get(made.meeting)?.participants.keys().next().value ?? '';
    const text = `/api/recommendations/${meeting.recommendation}`;
    const [clause] = (await meeting.text()).clauses;
    const tries: readonly [method: string, path: string, body?: unknown][] = [
      ['GET', `/api/meetings/${meeting.id}`],
      ['GET', `/api/meetings/${meeting.id}/events`],
      ['GET', `/meetings/${meeting.id}/text`],
      ['GET', `/meetings/${meeting.id}/text/events`],
      ['GET', text],
      ['GET', `${text}/clauses/${clause?.id}/history`],
      ['POST', `${text}/set-status`, { clauses: [clause?.id], status: 'agreed' }],
      ['POST', `/api/meetings/${meeting.id}/drafting`, { open: false }],
      ['POST', `/api/meetings/${meeting.id}/participants/${own}/invitation`, {}],
    ];
    const seats = [meeting.participants.chair, gone, elsewhere, 'AAAAAAAAAAAAAAAA', '', '%00', `${own}x`, '__proto__'];
    for (const seat of seats) {
      for (const [method, path, body] of tries)
        expect([seat, path, (await from(seat, method, path, body)).status]).toEqual([seat, path, 404]);
      const client = await connect(meeting, 'rapporteur', { query: { seat }, sync: false });
      const code = await new Promise((resolve) => client.socket.once('close', resolve));
      expect([seat, code]).toEqual([seat, 4404]);
    }
    // An administrator's rights are no way round it.
    const { token } = await meeting.app.access.inviteAdministrator();
    await from(null, 'POST', `/api/invitations/${token}`, {});
    expect((await from(meeting.participants.chair, 'GET', `/api/meetings/${meeting.id}`)).status).toBe(404);
    expect((await viewFrom(own)).me?.party).toBe('CAN');
  });
});
