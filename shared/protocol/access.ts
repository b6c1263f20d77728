import { z } from 'zod';

/**
 * Length, not symbols, makes a password (NIST SP 800-63B): passwords that people choose have at least twelve
 * characters.
 */
export const shortestPassword = 12;

export const SignIn = z.object({ name: z.string().min(1).max(200), password: z.string().min(1).max(1000) });

/** A name and a password make a new account; an empty body accepts with the account that is signed in. */
export const TakeUp = z.object({
  name: z.string().trim().min(1).max(200).optional(),
  password: z.string().min(1).max(1000).optional(),
});

export const SessionView = z.object({ account: z.object({ name: z.string(), administrator: z.boolean() }) });
export type SessionView = z.infer<typeof SessionView>;

/** `GET /api/demo`, in demo mode only. */
export const DemoView = z.object({ names: z.array(z.string()), password: z.string() });

export const InvitationView = z.object({
  kind: z.enum(['participant', 'administrator']),
  meeting: z.string().nullable(),
  participant: z.string().nullable(),
  expiresAt: z.number(),
});
export type InvitationView = z.infer<typeof InvitationView>;
