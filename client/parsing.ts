import { z } from 'zod';

/**
 * The page's policy forbids compiling strings; zod would try, and the browser would report it. This module must be
 * imported first.
 */
z.config({ jitless: true });
