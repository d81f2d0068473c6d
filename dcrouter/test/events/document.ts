/** Makes `docs/events.md` out of the catalogue. */
import { readFileSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { DNS_EVENTS, PROXY_EVENTS } from '../../ts/events/catalogue.ts';
import { ROUTER_EVENTS } from '../../ts/events/router-events.ts';

export const documentPath = join(import.meta.dirname, '../../../docs/events.md');
const sources = join(import.meta.dirname, '../../ts');

interface IDescription {
  readonly kind: string;
  readonly when: string;
  readonly fields: Readonly<Record<string, string>>;
}

export function descriptions(): IDescription[] {
  const all: IDescription[] = [...Object.values(PROXY_EVENTS), ...Object.values(DNS_EVENTS), ...ROUTER_EVENTS];
  return all.sort((one, other) => (one.kind < other.kind ? -1 : 1));
}

export function makeDocument(): string {
  const parts = descriptions().map(({ kind, when, fields }) => {
    const rows = Object.entries(fields).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
    return `## ${kind}\n\nWhen ${when}.\n\n| field | meaning |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Events\n\n${INTRODUCTION}\n\n${parts.join('\n')}`;
}

const INTRODUCTION = `Everything that \`router.events\` and \`GET /api/v1/events\` tell, made from
[the catalogue](../dcrouter/ts/events/catalogue.ts) by a test. Each event is
\`{ "id", "atMs", "kind", "data" }\`: \`id\` counts from 1 since the start, \`atMs\` is Unix time in milliseconds, \`data\` holds
the fields below, those without a value left out. A kind is made only while somebody listens to it; patterns are a kind,
\`proxy.*\` or \`*\`.`;

/** Kinds that the sources publish, as they stand there. */
export function publishedKinds(): Map<string, string> {
  const kinds = new Map<string, string>();
  for (const file of globSync('**/*.ts', { cwd: sources })) {
    if (file.startsWith('events')) continue;
    const text = readFileSync(join(sources, file), 'utf8');
    const kind = /'((?:proxy|dns|config|health|certificate|rule|store|router)\.[a-z-]+)'/g;
    for (const [, found] of text.matchAll(kind)) {
      if (new RegExp(`publish\\(\\s*'${found}'|_KINDS[^;]*'${found}'`).test(text)) kinds.set(found!, file);
    }
  }
  return kinds;
}
