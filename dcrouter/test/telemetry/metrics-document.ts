/** Makes `docs/metrics.md` out of the registry, so that what users read is what `/metrics` shows. */
import { join } from 'node:path';
import { defaultMetrics, Registry } from '@dcrouter/metrics';
import { registerRouterMetrics } from '../../ts/telemetry/register.ts';

export const documentPath = join(import.meta.dirname, '../../../docs/metrics.md');

export interface IDocumentedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Every metric of a router, whatever is configured. */
export async function documentedMetrics(): Promise<IDocumentedMetric[]> {
  const registry = new Registry();
  const none = (): null => null;
  registerRouterMetrics(registry, {
    proxy: none,
    dns: none,
    control: none,
    store: none,
    rules: none,
    resolve: none,
    health: none,
    history: none,
    logs: none,
    events: none,
    api: none,
  });
  const stop = defaultMetrics(registry);
  const labels = new Map(Array.from(registry.metrics(), (metric) => [metric.name, metric.labelNames]));
  // The page has the registry's own metrics besides.
  const metrics = parsePage(await registry.expose()).map((metric) => ({
    ...metric,
    labels: labels.get(metric.name) ?? [],
  }));
  stop();
  return metrics;
}

/** Families of a page in Prometheus' text format. */
export function parsePage(page: string): Array<Omit<IDocumentedMetric, 'labels'>> {
  const helps = new Map(Array.from(page.matchAll(/^# HELP (\S+) (.*)$/gm), ([, name, help]) => [name!, help!]));
  return Array.from(page.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => ({
    name: name!,
    type: type!,
    help: helps.get(name!) ?? '',
  }));
}

const SECTIONS: ReadonlyArray<readonly [title: string, prefix: string]> = [
  ['The proxy', 'dcrouter_proxy_'],
  ['DNS', 'dcrouter_dns_'],
  ['Configuration changes', 'dcrouter_config_'],
  ['The store', 'dcrouter_store_'],
  ['Rules', 'dcrouter_rule'],
  ['Health checks', 'dcrouter_health_'],
  ['Targets by name', 'dcrouter_resolve_'],
  ['The management API', 'dcrouter_api_'],
  ['The log', 'dcrouter_log_'],
  ['Events', 'dcrouter_event'],
  ['History', 'dcrouter_history_'],
  ['The build', 'dcrouter_build_'],
  ['The process', 'process_'],
  ['Node.js', 'nodejs_'],
  ['The registry itself', 'metrics_'],
];

export async function makeDocument(): Promise<string> {
  const metrics = await documentedMetrics();
  const known = SECTIONS.map(([, prefix]) => prefix);
  const stray = metrics.filter(({ name }) => !known.some((prefix) => name.startsWith(prefix)));
  if (stray.length > 0) throw new Error(`no section for ${stray.map(({ name }) => name).join(', ')}`);
  const parts = SECTIONS.map(([title, prefix]) => {
    const rows = metrics.filter(({ name }) => name.startsWith(prefix)).map((metric) => row(metric));
    return `## ${title}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Metrics\n\n${INTRODUCTION}\n\n${parts.join('\n')}`;
}

function row({ name, type, labels, help }: IDocumentedMetric): string {
  const shown = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${shown} | ${help.replaceAll('\\\\', '\\').replaceAll('|', '\\|')} |`;
}

const INTRODUCTION = `Everything that \`GET /metrics\` shows, made from the registry by a test, which fails when a metric vanishes, changes
its type or labels, or is not listed here. How the numbers are counted: [telemetry](../dcrouter/docs/telemetry.md).
Names, units and suffixes follow Prometheus; every duration is in seconds, every size in bytes. A family whose part is
not configured has no series. Clients and names asked for are no labels: the API has the largest of them.`;
