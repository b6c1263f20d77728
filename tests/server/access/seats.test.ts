import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../../server/audit/verify.ts';
import { decodeEvents } from '../../../server/meetings/meetings.ts';
import { Created, InvitationLink } from '../../../shared/protocol/contract.ts';
import { type MeetingId, meetingLog } from '../../../shared/protocol/ids.ts';
import { secret, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

/** The accounts that took accreditations, in the order of the log. */
async function taken(id: MeetingId = meeting.id): Promise<string[]> {
  const entries = await meeting.store.log.read(meetingLog(id), 0, 1000);
  return entries.flatMap((entry) =>
    decodeEvents(entry).flatMap((event) =>
      event.type === 'seats taken' ? event.seats.map(({ participant, name }) => `${name} as ${participant}`) : [],
    ),
  );
}
async function takeUp(seat: string, as: { name: string; password: string } | 'rapporteur'): Promise<void> {
  const made = await meeting.request(
    'rapporteur',
    'POST',
    `/api/meetings/${meeting.id}/participants/${seat}/invitation`,
    {},
  );
  const { link } = InvitationLink.parse(await made.json());
  const path = `/api${new URL(link).pathname}`;
  const response =
    as === 'rapporteur'
      ? await meeting.request('rapporteur', 'POST', path, {})
      : await meeting.request(null, 'POST', path, as);
  expect(response.status).toBe(204);
}

describe('[ACC10] The holder of an accreditation', () => {
  it('is in the log, also where the secretariat takes a delegation’s accreditation itself', async () => {
    const seat = meeting.participants.canada;
    await takeUp(seat, { name: 'a successor', password: secret });
    await takeUp(seat, 'rapporteur');
    expect((await taken()).filter((line) => line.endsWith(seat))).toEqual([
      `a successor as ${seat}`,
      `rapporteur as ${seat}`,
    ]);
  });

  it('is recorded when the accreditation was given directly in the database, and once', async () => {
    const { access, meetings } = meeting.app;
    const seat = meeting.participants.brazil;
    const chair = (await access.accreditationsOf(meeting.id)).find(({ name }) => name === 'chair')?.account ?? '';
    // The test's own accreditations were made directly in the store.
    await meetings.recordAccreditations(meeting.id, await access.accreditationsOf(meeting.id));
    const before = await taken();
    await meeting.store.tables
      .updateTable('accreditations')
      .set({ account_id: chair })
      .where('participant_id', '=', seat)
      .execute();
    await meetings.recordAccreditations(meeting.id, await access.accreditationsOf(meeting.id));
    const after = await taken();
    expect(after.slice(before.length)).toEqual([expect.stringMatching(`as ${seat}$`)]);
    await meetings.recordAccreditations(meeting.id, await access.accreditationsOf(meeting.id));
    expect(await taken()).toEqual(after);
  });

  it('and includes the meeting’s maker; an accreditation without a holder is taken anew', async () => {
    const order = {
      meeting: 'Made by import',
      compilation: { title: '', parties: [], topics: [{ heading: 'H', level: 1, recommendations: [] }], warnings: [] },
    };
    const made = Created.parse(await (await meeting.request('rapporteur', 'POST', '/api/imports', order)).json());
    expect(await taken(made.meeting)).toEqual([expect.stringMatching(/^rapporteur as /)]);
    const seat = meeting.participants.argentina;
    const command = (type: string, body: unknown) =>
      meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/${type}`, body);
    await command('end-accreditation', { participant: seat });
    await command('accredit', { id: seat, name: 'Argentina', role: 'delegate', party: 'ARG' });
    await takeUp(seat, { name: 'argentina again', password: secret });
    expect((await taken()).at(-1)).toBe(`argentina again as ${seat}`);
    expect(await verify(meeting.store.log)).toMatchObject({ faults: [] });
  });
});
