import { z } from 'zod';

/**
 * The page's policy forbids compiling strings; zod would try, and the browser would report it. The build puts this
 * module and zod into one file, which runs before every other that makes a schema.
 */
z.config({ jitless: true });
