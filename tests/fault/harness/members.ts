import { MeetingList, MeetingView } from '../../../shared/protocol/contract.ts';
import type { RecommendationId } from '../../../shared/protocol/ids.ts';
import { password } from '../../helpers/process.ts';
import type { Seat } from './device.ts';

/** The participants, with sessions that outlive the server. */
export interface Members {
  readonly places: readonly RecommendationId[];
  readonly seats: readonly Seat[];
  /** Cookies of participants without a device. */
  readonly chair: string;
  readonly hostile: Seat;
}

export async function signIn(url: string, name: string): Promise<string> {
  const response = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  if (!response.ok || cookie === undefined) throw new Error(`${name} could not sign in: ${response.status}`);
  return cookie;
}

export async function meetingOf(url: string, cookie: string): Promise<MeetingView> {
  const get = async (path: string): Promise<unknown> => (await fetch(url + path, { headers: { cookie } })).json();
  const [meeting] = MeetingList.parse(await get('/api/meetings'));
  if (meeting === undefined) throw new Error('there is no meeting');
  return MeetingView.parse(await get(`/api/meetings/${meeting.id}`));
}

/** The demo's participants, at the two recommendations with the most open clauses. */
export async function membersOf(url: string): Promise<Members> {
  const chair = await signIn(url, 'chair');
  const { recommendations } = await meetingOf(url, chair);
  const places = [...recommendations]
    .sort((one, other) => (other.progress?.open ?? 0) - (one.progress?.open ?? 0))
    .slice(0, 2)
    .map(({ id }) => id);
  const [first, second] = places;
  if (first === undefined || second === undefined) throw new Error('the demo has too few texts');
  const seat = async (name: string, place: RecommendationId): Promise<Seat> => {
    const cookie = await signIn(url, name);
    const { me } = await meetingOf(url, cookie);
    if (me === null) throw new Error(`${name} takes no part`);
    return { name, cookie, participant: me.participant, party: me.party, place };
  };
  const seats = await Promise.all([
    seat('argentina', first),
    seat('brazil', first),
    seat('canada', first),
    seat('rapporteur', first),
    seat('ecuador', second),
    seat('iachr', second),
  ]);
  return { places, seats, chair, hostile: await seat('venezuela', first) };
}
