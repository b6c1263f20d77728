import { execFileSync } from 'node:child_process';

/** Browser and fault tests run the same program as users: the built server and client. */
export default function setup(): void {
  if (process.env.CONCORD_SKIP_BUILD === '1') return;
  execFileSync('npm', ['run', '-s', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] });
}
