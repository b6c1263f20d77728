import { z } from 'zod';

/** The page's policy lets no string become a program: zod needn't try, which the browser would complain of. Comes first. */
z.config({ jitless: true });
