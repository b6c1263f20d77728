/**
 * Every refusal and failure that a person or a program can meet, in one catalogue.
 *
 * `status` answers an HTTP request. `close` ends a WebSocket: codes 4400–4499 tell `y-websocket` not to reconnect by
 * itself, since the same words would be refused again. The sentence in the reader's language stands in the word files
 * under `error.<code>`.
 */
export const errorCatalogue = {
  // The message cannot be understood.
  'bad-request': { status: 400, close: 4400 },
  'malformed-message': { status: 400, close: 4400 },
  'malformed-update': { status: 400, close: 4400 },
  'update-too-large': { status: 413, close: 4413 },
  'share-used-up': { status: 413, close: 4413 },
  'quota-reached': { status: 413, close: 4413 },
  'import-unreadable': { status: 422, close: 4422 },
  'schema-outdated': { status: 409, close: 4426 },
  // Identity and access of the requester.
  'not-signed-in': { status: 401, close: 4401 },
  'wrong-name-or-password': { status: 401, close: 4401 },
  'accreditation-ended': { status: 403, close: 4403 },
  'foreign-origin': { status: 403, close: 4403 },
  'role-may-not': { status: 403, close: 4403 },
  'invitation-invalid': { status: 410, close: 4410 },
  'name-taken': { status: 409, close: 4409 },
  'name-unreadable': { status: 422, close: 4422 },
  'password-too-short': { status: 422, close: 4422 },
  'too-many-requests': { status: 429, close: 4429 },
  'too-many-connections': { status: 429, close: 4429 },
  // The object is not there.
  'not-found': { status: 404, close: 4404 },
  // The rules of the meeting forbid it.
  'drafting-closed': { status: 409, close: 4409 },
  'clause-locked': { status: 409, close: 4409 },
  'clause-gone': { status: 409, close: 4409 },
  'not-your-words': { status: 403, close: 4403 },
  'unknown-content': { status: 422, close: 4422 },
  'unknown-author': { status: 403, close: 4403 },
  'client-taken': { status: 409, close: 4409 },
  'update-incomplete': { status: 409, close: 4409 },
  'mark-closed': { status: 409, close: 4409 },
  'mark-misused': { status: 422, close: 4422 },
  'amendment-closed': { status: 409, close: 4409 },
  'not-your-amendment': { status: 403, close: 4403 },
  'clause-unresolved': { status: 409, close: 4409 },
  'party-unknown': { status: 422, close: 4422 },
  'party-in-use': { status: 409, close: 4409 },
  'topic-in-use': { status: 409, close: 4409 },
  'agenda-full': { status: 409, close: 4409 },
  'changed-since': { status: 409, close: 4409 },
  'cannot-restore': { status: 409, close: 4409 },
  'nothing-to-do': { status: 422, close: 4422 },
  // The server failed. 1013 is "try again later": the client loses nothing, and reconnects.
  'not-stored': { status: 503, close: 1013 },
  'record-newer': { status: 503, close: 1013 },
  'shutting-down': { status: 503, close: 1012 },
  'reader-too-slow': { status: 503, close: 1013 },
  internal: { status: 500, close: 1011 },
} as const satisfies Record<string, { status: number; close: number }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** Whether a code from elsewhere has a sentence here. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCatalogue, code);

/** A refusal with its reason. `detail` is for the log and for programs: it never holds negotiation text. */
export class ConcordError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly detail: { readonly clause?: string; readonly mark?: string; readonly field?: string } = {},
    options?: ErrorOptions,
  ) {
    super(code, options);
    this.name = 'ConcordError';
  }
  get status(): number {
    return errorCatalogue[this.code].status;
  }
  get close(): number {
    return errorCatalogue[this.code].close;
  }
}
