import { z } from 'zod';
import { InvitationLink } from '../../../shared/protocol/contract.ts';
import { password } from './server.ts';

/** A server's HTTP interface. */
export interface Api {
  /** Throws for an answer that is no success. With a body it posts. */
  ask(cookie: string, path: string, body?: unknown): Promise<Response>;
  /** The `Cookie` header of a demo account. */
  signIn(name: string): Promise<string>;
  /**
   * Gives a person an accreditation and has them accept the invitation; returns their `Cookie` header. A person without
   * a demo account makes one with the invitation.
   */
  seat(by: string, meeting: string, person: Person): Promise<string>;
}

interface Person {
  readonly name: string;
  readonly role: string;
  readonly party: string | null;
  readonly isDemo?: boolean;
}

const Accredited = z.object({ participant: z.string() });

export function apiOf(address: string): Api {
  const ask: Api['ask'] = async (cookie, path, body) => {
    const response = await fetch(address + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { cookie, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response;
  };
  const signIn: Api['signIn'] = async (name) => cookieOf(await ask('', '/api/session', { name, password }));
  return {
    ask,
    signIn,
    async seat(by, meeting, { name, role, party, isDemo = true }) {
      const accredited = await ask(by, `/api/meetings/${meeting}/accredit`, { name, role, party });
      const { participant } = Accredited.parse(await accredited.json());
      const invited = await ask(by, `/api/meetings/${meeting}/participants/${participant}/invitation`, {});
      const { link } = InvitationLink.parse(await invited.json());
      const path = `/api${new URL(link).pathname}`;
      if (!isDemo) return cookieOf(await ask('', path, { name, password }));
      const cookie = await signIn(name);
      await ask(cookie, path, {});
      return cookie;
    },
  };
}

const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .join('; ');
