import { MeetingList, MeetingView } from '../../shared/protocol/contract.ts';
import { password, type RunningServer } from './browser.ts';

/** Signs in at a server's demo, and returns the `Cookie` header. */
export async function cookieOf(server: Pick<RunningServer, 'url'>, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  if (response.status !== 204) throw new Error(`${name} could not sign in: ${response.status}`);
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** The demo's recommendation with the most clauses. */
export async function placeOf(server: Pick<RunningServer, 'url'>, cookie: string): Promise<string> {
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${server.url}${path}`, { headers: { cookie } })).json();
  const [meeting] = MeetingList.parse(await get('/api/meetings'));
  const { recommendations } = MeetingView.parse(await get(`/api/meetings/${meeting?.id}`));
  const [most] = [...recommendations].sort((one, other) => (other.progress?.open ?? 0) - (one.progress?.open ?? 0));
  return most?.id ?? '';
}
