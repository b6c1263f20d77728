import { afterAll, beforeAll, expect, it } from 'vitest';
import * as Y from 'yjs';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { newMarkId, PartyCode } from '../../shared/protocol/ids.ts';
import { markKey, textOf } from '../../shared/text/document.ts';
import { startMeeting, type TestMeeting } from '../helpers/meeting.ts';
import { Device } from './harness/device.ts';

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(() => meeting.close());

it('[SUB3] An edit that a failing disk could not store is not refused: the client is asked to come again, and its words come in once', async () => {
  const device = new Device({
    name: 'argentina',
    cookie: meeting.cookies.argentina,
    participant: meeting.participants.argentina,
    party: PartyCode.parse('ARG'),
    place: meeting.recommendation,
  });
  const document = device.doc;
  expect(await device.connect(meeting.url)).toBe(true);
  await device.answered();
  const { log } = meeting.store;
  const { append } = log;
  log.append = () => Promise.reject(new ConcordError('not-stored'));
  const clause = textOf(device.doc).get(0);
  const text = clause instanceof Y.XmlElement ? clause.get(0) : null;
  if (!(text instanceof Y.XmlText)) throw new Error('no text');
  const id = newMarkId();
  text.insert(0, 'kept ', { [markKey('insertion', id)]: { id } });
  expect(await device.sentAway()).toBe(1013);
  expect(device.refusals).toEqual(new Map());
  log.append = append;
  expect((await meeting.text()).clauses[0]?.text).not.toContain('kept');

  expect(await device.connect(meeting.url)).toBe(true);
  await device.answered();
  device.note();
  expect(device.doc).toBe(document);
  expect((await meeting.text()).clauses[0]?.text.match(/kept /g)).toHaveLength(1);
  await device.leave();
});
