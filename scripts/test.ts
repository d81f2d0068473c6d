// Static checks, then every test file with node's test runner, on the TypeScript sources.
//
//   npm test                       everything
//   npm test -- metrics            test files whose path contains "metrics"; without the static checks
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { runChecks } from './check.ts';
import { run } from './process.ts';

const root = join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const files = globSync(['{metrics,acme,dcrouter,patches,test,bench,forks/*}/**/test.*.ts'], {
  cwd: root,
  exclude: (name) => name.includes('node_modules') || name.includes('dist_ts'),
})
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

if (files.length === 0) {
  console.error(`no test file has ${wanted.map((part) => `'${part}'`).join(' or ')} in its path`);
  process.exit(1);
}
if (wanted.length === 0 && (await runChecks()) > 0) process.exit(1);
process.exitCode = await run(
  process.execPath,
  [
    '--conditions=dcrouter-source',
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-timeout=180000',
    ...files,
  ],
  root,
);
