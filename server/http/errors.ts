import type { Context, ErrorHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { chooseLanguage, message } from '../../shared/words/words.ts';

/** A refusal as JSON, with the sentence in the language of the request. */
export function refusalOf(c: Context, error: ConcordError): Response {
  const { code, detail, status } = error;
  if (code === 'too-many-requests' && detail.field !== undefined) c.header('Retry-After', detail.field);
  const language = chooseLanguage(c.req.header('accept-language'));
  return c.json(
    {
      error: {
        code,
        message: message(language, `error.${code}`),
        ...(detail.clause === undefined ? {} : { clause: detail.clause }),
        ...(detail.field === undefined ? {} : { field: detail.field }),
      },
    },
    status as ContentfulStatusCode,
  );
}

/** Answers every error. An unexpected one is logged with its stack, and never with the request's contents. */
export const answerErrors =
  (log: Logger): ErrorHandler =>
  (error, c) => {
    if (error instanceof ConcordError && error.code !== 'internal') return refusalOf(c, error);
    log.error({ err: error, method: c.req.method, route: c.req.routePath }, 'a request failed');
    return refusalOf(c, new ConcordError('internal', {}, { cause: error }));
  };

/** For the operator: one line that says what failed, down to the disk's or the database's own message. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof ConcordError)) return error.message;
  if (error.cause === undefined) return message('en', `error.${error.code}`);
  const cause = sentenceOf(error.cause);
  if (error.code === 'not-stored') return `The store cannot be written: ${cause}`;
  return error.code === 'internal' ? `The record cannot be read: ${cause}` : cause;
}
