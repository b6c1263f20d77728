import type { z } from 'zod';
import { Refused } from '../shared/protocol/contract.ts';
import { session } from './session.ts';
import { errorWords, language, t } from './words.ts';

/** A refusal by the server: its error code, and a sentence for the person. */
export class ApiError extends Error {
  readonly code: string;
  constructor(code: string, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  let response: Response;
  const raw = body instanceof Blob;
  try {
    response = await fetch(path, {
      method,
      headers: {
        'accept-language': language.peek(),
        ...(body === undefined ? {} : { 'content-type': raw ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError('unreachable', t('app.unreachable'));
  }
  if (response.ok) return response;
  const refused = Refused.safeParse(await response.json().catch(() => null));
  const { code, message } = refused.success ? refused.data.error : { code: 'internal', message: '' };
  // The session ended while the page was open: the sign-in page returns the person to this address.
  if (code === 'not-signed-in' && path !== '/api/session') session.value = null;
  throw new ApiError(code, errorWords(code, message));
}

/** Fetches what a schema describes. Throws `ApiError`. */
export const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(await (await call('GET', path)).json());

/** Sends a command and parses the answer. Throws `ApiError`. */
export const post = async <T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(await (await call('POST', path, body)).json());

/** Sends a command whose answer has no body. Throws `ApiError`. */
export const send = async (method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void> => {
  await call(method, path, body);
};

export const sentenceOf = (error: unknown): string => (error instanceof ApiError ? error.message : t('error.internal'));

/** Sends a command to a meeting or a recommendation: its type stands in the path, the rest is the body. */
export function split<Type extends string, Rest>(
  command: { readonly type: Type } & Rest,
): { type: Type; body: Omit<{ type: Type } & Rest, 'type'> } {
  const { type, ...body } = command;
  return { type, body };
}
