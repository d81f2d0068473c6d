// Writes the one accepted formatting to every source file.
import { join } from 'node:path';
import { run } from './process.ts';

const root = join(import.meta.dirname, '..');
process.exitCode = await run(join(root, 'node_modules/.bin/prettier'), ['--write', '--log-level=warn', '.'], root);
