// Writes the conformance tables into patches/readme.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dnsChecks, dnsKnownFailures } from './dns-checks.ts';
import { proxyChecks, proxyKnownFailures } from './proxy-checks.ts';
import { conformanceTable } from './table.ts';

const readme = join(import.meta.dirname, '../../patches/readme.md');

/** The readme with the tables as the suites have them now. */
export function withTables(text: string): string {
  const tables = {
    dns: conformanceTable(Object.keys(dnsChecks), dnsKnownFailures),
    proxy: conformanceTable(Object.keys(proxyChecks), proxyKnownFailures),
  };
  return Object.entries(tables).reduce(
    (result, [name, table]) =>
      result.replace(
        new RegExp(`(<!-- ${name}-table[^>]*-->\\n)[^]*?(<!-- /${name}-table -->)`),
        (_match, open: string, close: string) => `${open}\n${table}\n\n${close}`,
      ),
    text,
  );
}

export const readReadme = (): string => readFileSync(readme, 'utf8');

if (import.meta.main) writeFileSync(readme, withTables(readReadme()));
