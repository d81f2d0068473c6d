/**
 * `rules`: what is decided about connections, requests and queries.
 *
 * @module
 */
import { InvalidArgumentError, type Command } from 'commander';
import type { IExplanation } from '../../rules/types.ts';
import type { Cli } from '../cli.ts';
import { UsageError } from '../errors.ts';
import { explanationText } from '../explain.ts';
import { parseCount } from '../format.ts';
import { parseValue, readValue } from '../input.ts';
import { change, part, withChange, withPages, type IChangeOptions, type IPageOptions } from '../options.ts';
import type { IColumn } from '../table.ts';

interface IRule {
  readonly name: string;
  readonly origin: string;
  readonly order: number;
  readonly stages: readonly string[];
  readonly hits: number;
  readonly rule: { readonly when?: string; readonly priority?: number; readonly action?: { readonly type?: string } };
}

const COLUMNS: ReadonlyArray<IColumn<IRule>> = [
  { title: 'order', value: ({ order }) => (order === 0 ? 'off' : order), align: 'right' },
  { title: 'rule', value: ({ name }) => name, shrink: true },
  { title: 'priority', value: ({ rule }) => rule.priority, align: 'right' },
  { title: 'stages', value: ({ stages }) => stages.join(',') },
  { title: 'when', value: ({ rule }) => rule.when, shrink: true },
  { title: 'action', value: ({ rule }) => rule.action?.type },
  { title: 'hits', value: ({ hits }) => hits, align: 'right' },
  { title: 'origin', value: ({ origin }) => origin },
];

interface IAddOptions extends IChangeOptions {
  readonly from?: string;
  readonly when?: string;
  readonly action?: unknown;
  readonly priority?: number;
}

export function addRules(program: Command, cli: Cli): void {
  const rules = program.command('rules').description('Rules: what is decided about connections, requests and queries.');
  withPages(
    rules.command('list').description('List the rules in the order in which they are asked, with their hits.'),
  ).action(
    async (page: IPageOptions) =>
      await cli.list<IRule>('/rules', COLUMNS, { ...page, sort: byOrder, empty: 'there is no rule' }),
  );
  rules
    .command('get')
    .description('Show a rule.')
    .argument('<name>', 'Its name.')
    .action(async (name: string) => await cli.show(await (await cli.client()).get(`/rules/${part(name)}`)));
  addMaking(rules, cli);
  withChange(rules.command('remove').description('Take a rule away.').argument('<name>', 'Its name.')).action(
    async (name: string, options: IChangeOptions) => await change(cli, 'DELETE', `/rules/${part(name)}`, options),
  );
  withChange(
    rules
      .command('reorder')
      .description('Give rules priorities so that they are asked in this order.')
      .argument('<names...>', 'Their names, first to last.')
      .option('--base <n>', 'Priority of the last one; default 0.', parseInteger),
  ).action(async (names: string[], { base, ...options }: IChangeOptions & { readonly base?: number }) => {
    const body = { names, ...(base !== undefined && { base }) };
    await change(cli, 'POST', '/rules/reorder', options, { body });
  });
  addTest(rules, cli);
}

function addMaking(rules: Command, cli: Cli): void {
  withChange(
    rules
      .command('add')
      .description('Make a rule, on every node of the store; refused when there is one of the name.')
      .argument('<name>', 'Its name.')
      .option('--from <file>', 'The rule as in a document, YAML or JSON; - is standard input.')
      .option('--when <expression>', 'When it matches.')
      .option(
        '--action <action>',
        "What it does: deny, allow, …, or all of it: '{ type: deny, status: 404 }'.",
        parseAction,
      )
      .option('--priority <n>', 'Higher ones are asked first; default 0.', parseInteger),
  ).action(async (name: string, options: IAddOptions) => {
    const body = options.from === undefined ? ruleOf(options) : await readValue(options.from, cli.io.in);
    await change(cli, 'PUT', `/rules/${part(name)}`, options, { body, onlyNew: true });
  });
  withChange(
    rules
      .command('set')
      .description('Put a rule in the place of one, or make it.')
      .argument('<name>', 'Its name.')
      .argument('<file>', 'The rule as in a document, YAML or JSON; - is standard input.'),
  ).action(
    async (name: string, file: string, options: IChangeOptions) =>
      await change(cli, 'PUT', `/rules/${part(name)}`, options, { body: await readValue(file, cli.io.in) }),
  );
}

interface ITestOptions {
  readonly facts?: string;
  readonly recorded?: number;
}

interface ITested {
  readonly items: ReadonlyArray<{ readonly facts: object; readonly explanation: IExplanation }>;
}

function addTest(rules: Command, cli: Cli): void {
  rules
    .command('test')
    .description('Say what would be decided, and why; counts nothing.')
    .argument('[file]', 'Facts as YAML or JSON: client, conn, tls, http, dns, route, tags; - is standard input.')
    .option('--facts <facts>', "The same here: '{ http: { path: /admin } }'.")
    .option('--recorded <n>', 'What was recorded last (rules.record), so many.', parseCount)
    .action(async (file: string | undefined, { facts, recorded }: ITestOptions) => {
      const given = [file, facts, recorded].filter((each) => each !== undefined).length;
      if (given !== 1) throw new UsageError('expected one of FILE, --facts and --recorded');
      const body =
        recorded === undefined
          ? { facts: facts === undefined ? await readValue(file!, cli.io.in) : parseValue(facts, '--facts') }
          : { recorded };
      const client = await cli.client();
      const answer = await client.json<ITested>('POST', '/rules/test', { body });
      if (answer.items.length === 0 && !cli.json) return await cli.note('nothing has been recorded; see rules.record');
      await cli.show(answer, ({ items }) =>
        items.map((each) => explanationText(each.facts, each.explanation, cli.paint)).join('\n\n'),
      );
    });
}

/** In the order of evaluation, those that are off at the end. */
function byOrder(left: IRule, right: IRule): number {
  return (left.order || Infinity) - (right.order || Infinity) || (left.name < right.name ? -1 : 1);
}

function ruleOf({ when, action, priority }: IAddOptions): object {
  if (when === undefined || action === undefined)
    throw new UsageError('a rule needs --when and --action, or --from FILE');
  return { when, action, ...(priority !== undefined && { priority }) };
}

function parseAction(text: string): unknown {
  return /^[a-z-]+$/.test(text) ? { type: text } : parseValue(text, '--action');
}

function parseInteger(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
