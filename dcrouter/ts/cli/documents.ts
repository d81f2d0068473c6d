/**
 * Documents checked, compared and printed.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { differences } from '../config/diff.ts';
import { effects } from '../config/effects.ts';
import { formatProblem } from '../config/error.ts';
import { configJsonSchema } from '../config/json-schema.ts';
import { loadConfig } from '../config/load.ts';
import { redact } from '../config/schema-walk.ts';
import { configSchema } from '../config/schema/index.ts';
import { suspicions } from '../config/suspicions.ts';
import type { IPlan } from '../control/types.ts';
import type { Cli } from './cli.ts';
import { readDocument } from './document.ts';
import { inspectFile } from './inspect.ts';
import { planText } from './plan.ts';
import { plainText } from './style.ts';

export async function check(cli: Cli, file: string): Promise<void> {
  const { config, problems, warnings } = await inspectFile(file, cli.io.env);
  const doubts = config === undefined ? [] : suspicions(config, certificateIn);
  if (config === undefined) cli.exitCode = 1;
  if (cli.json) {
    const told = [...warnings, ...doubts.map((message) => ({ file, path: '', message }))];
    return await cli.say(JSON.stringify({ valid: config !== undefined, problems, warnings: told }, null, 2));
  }
  for (const warning of [...warnings.map(formatProblem), ...doubts])
    await cli.note(`${cli.paint('yellow', 'warning:')} ${plainText(warning)}`);
  for (const problem of problems) await cli.note(plainText(formatProblem(problem)));
  if (config !== undefined) await cli.say(`${file}: the configuration is valid`);
}

/** What cannot be read is told when the router takes it. */
function certificateIn(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

export async function diff(cli: Cli, file: string, newer: string | undefined): Promise<void> {
  const show = async (plan: IPlan): Promise<void> => await cli.show(plan, (each) => planText(each, cli.paint));
  if (newer !== undefined) {
    const [before, after] = [await loadConfig(file, cli.io.env), await loadConfig(newer, cli.io.env)];
    return await show({
      differences: differences(before, after),
      effects: effects(before, after, certificateIn),
    });
  }
  const text = await readDocument(file, cli.io.in);
  const client = await cli.client();
  await show(await client.json<IPlan>('POST', '/config/diff', { body: { text }, file }));
}

export async function print(cli: Cli, file: string): Promise<void> {
  await cli.show(redact([configSchema], await loadConfig(file, cli.io.env)));
}

export async function printSchema(cli: Cli): Promise<void> {
  await cli.say(JSON.stringify(configJsonSchema(), null, 2));
}
