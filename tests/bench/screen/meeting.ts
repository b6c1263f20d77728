import { Created, MeetingView } from '../../../shared/protocol/contract.ts';
import type { RecommendationId } from '../../../shared/protocol/ids.ts';
import { apiOf } from '../support/api.ts';

/** The delegate whose screen is measured, and the other writers. */
export const typist = 'argentina';
export const others = [
  'brazil',
  'canada',
  'colombia',
  'ecuador',
  'paraguay',
  'venezuela',
  'cim',
  'dms',
  'iachr',
  'united-states',
] as const;
const codes = ['ARG', 'BRA', 'CAN', 'COL', 'ECU', 'PRY', 'VEN', 'CIM', 'DMS', 'IACHR', 'USA'];

export const clauseCount = 200;
const words =
  'Urge states to adopt measures that prevent this crime protect its victims and bring those who commit it to court in keeping with their law and with the instruments to which they are parties';

export interface ScreenMeeting {
  readonly path: string;
  readonly readingPath: string;
  readonly recommendation: RecommendationId;
  /** The `Cookie` header of each of the others. */
  readonly cookies: readonly string[];
}

/** A meeting with one long recommendation, made in the regular way: a compilation, accreditations, invitations. */
export async function makeMeeting(address: string): Promise<ScreenMeeting> {
  const { ask, signIn, seat } = apiOf(address);
  const rapporteur = await signIn('rapporteur');
  const clauses = Array.from({ length: clauseCount }, (_, at) => ({
    text: `${words}, ${at}, ${words.toLowerCase()}.`,
    level: at % 5 === 0 ? 0 : 1,
    sponsors: [codes[at % codes.length], codes[(at * 7 + 3) % codes.length]],
  }));
  const compilation = {
    title: 'Screen',
    parties: codes.map((code) => ({ code, name: code, kind: 'state', aliases: [] })),
    topics: [{ heading: 'Screen', level: 1, recommendations: [{ heading: 'A long one', clauses }] }],
    warnings: [],
  };
  const { meeting } = Created.parse(
    await (await ask(rapporteur, '/api/imports', { meeting: 'Screen', compilation })).json(),
  );
  const cookies: string[] = [];
  for (const [at, name] of [typist, ...others].entries())
    cookies.push(await seat(rapporteur, meeting, { name, role: 'delegate', party: codes[at] ?? null }));
  await seat(rapporteur, meeting, { name: 'observer', role: 'observer', party: null });
  const chair = await seat(rapporteur, meeting, { name: 'chair', role: 'chair', party: null });
  await ask(chair, `/api/meetings/${meeting}/set-observer-view`, { view: 'attributed' });
  const view = MeetingView.parse(await (await ask(rapporteur, `/api/meetings/${meeting}`)).json());
  const recommendation = view.recommendations[0]?.id;
  if (recommendation === undefined) throw new Error('the meeting has no recommendation');
  return {
    path: `/meetings/${meeting}/recommendations/${recommendation}`,
    readingPath: `/meetings/${meeting}/text`,
    recommendation,
    cookies: cookies.slice(1),
  };
}
