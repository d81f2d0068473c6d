// Static checks: formatting and lint (types were checked by the build that ran before).
import { join } from 'node:path';
import { run } from './process.ts';

const root = join(import.meta.dirname, '..');

/** Runs every static check and resolves to the number of those that failed. */
export async function runChecks(): Promise<number> {
  const checks: Array<[string, string[]]> = [
    ['node_modules/.bin/prettier', ['--check', '--log-level=warn', '.']],
    ['node_modules/.bin/oxlint', ['--type-aware', '--quiet']],
  ];
  let failed = 0;
  for (const [command, args] of checks) {
    if ((await run(join(root, command), args, root)) !== 0) failed += 1;
  }
  return failed;
}

if (import.meta.main) process.exitCode = (await runChecks()) === 0 ? 0 : 1;
