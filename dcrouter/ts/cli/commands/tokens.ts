/**
 * `tokens`: who may use the API.
 *
 * @module
 */
import { InvalidArgumentError, type Command } from 'commander';
import { SCOPES } from '../../api/scopes.ts';
import { fetchPages, type Cli } from '../cli.ts';
import { formatTime, parseDuration } from '../format.ts';
import { part, repeated, withPages, type IPageOptions } from '../options.ts';
import type { IColumn } from '../table.ts';

interface IToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs?: number;
  readonly lastUsedAtMs?: number;
}

const COLUMNS: ReadonlyArray<IColumn<IToken>> = [
  { title: 'name', value: ({ name }) => name, shrink: true },
  { title: 'id', value: ({ id }) => id },
  { title: 'scopes', value: ({ scopes }) => scopes.join(','), shrink: true },
  { title: 'made (UTC)', value: ({ createdAtMs }) => formatTime(createdAtMs) },
  { title: 'by', value: ({ createdBy }) => createdBy, shrink: true },
  { title: 'expires (UTC)', value: ({ expiresAtMs }) => formatTime(expiresAtMs) || 'never' },
  { title: 'last used (UTC)', value: ({ lastUsedAtMs }) => formatTime(lastUsedAtMs) || 'never' },
];

interface ICreateOptions {
  readonly scope: readonly string[];
  readonly expires?: number;
}

export function addTokens(program: Command, cli: Cli): void {
  const tokens = program.command('tokens').description('Tokens: who may use the API.');
  withPages(tokens.command('list').description('List the tokens of the store.')).action(
    async (page: IPageOptions) =>
      await cli.list<IToken>('/tokens', COLUMNS, { ...page, empty: 'no token has been made' }),
  );
  tokens
    .command('create')
    .description('Make a token. It is printed once, alone on its line; the first one should have --scope admin.')
    .argument('<name>', 'Stands in the audit.')
    .addOption(repeated('--scope <scope>', `What it may do: ${SCOPES.join(', ')}.`, parseScope).makeOptionMandatory())
    .option('--expires <time>', 'It ends after so long: 90d.', parseDuration)
    .action(async (name: string, { scope, expires }: ICreateOptions) => {
      const client = await cli.client();
      const body = { name, scopes: scope, ...(expires !== undefined && { expiresAtMs: Date.now() + expires }) };
      const made = await client.json<IToken & { readonly secret: string }>('POST', '/tokens', { body });
      if (!cli.json) await cli.note(`token '${name}' may do ${scope.join(', ')}; keep it, it is shown only now`);
      await cli.show(made, ({ secret }) => secret);
    });
  tokens
    .command('remove')
    .description('Remove a token; its streams end at once.')
    .argument('<token>', 'Its name or id.')
    .action(async (nameOrId: string) => {
      const client = await cli.client();
      const { items } = await fetchPages<IToken>(client, '/tokens', {});
      const token = items.find(({ id }) => id === nameOrId) ?? items.find(({ name }) => name === nameOrId);
      const answer = await client.json<{ readonly id: string }>('DELETE', `/tokens/${part(token?.id ?? nameOrId)}`);
      await cli.show(answer, () => `token '${token?.name ?? nameOrId}' is removed`);
    });
}

function parseScope(text: string): string {
  if (!(SCOPES as readonly string[]).includes(text))
    throw new InvalidArgumentError(`Expected one of ${SCOPES.join(', ')}.`);
  return text;
}
