import type { Context, ErrorHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';
import { ConcordError } from '../shared/errors.ts';
import { chooseLanguage, message } from '../shared/words/words.ts';

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

/** Answers every error. What nobody foresaw is logged with its stack, and never with what was sent. */
export const answerErrors =
  (log: Logger): ErrorHandler =>
  (error, c) => {
    if (error instanceof ConcordError && error.code !== 'internal') return refusalOf(c, error);
    log.error({ err: error, method: c.req.method, route: c.req.routePath }, 'a request failed');
    return refusalOf(c, new ConcordError('internal', {}, { cause: error }));
  };
