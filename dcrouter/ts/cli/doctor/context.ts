/**
 * What the checks look at: the document, and the router that runs.
 *
 * @module
 */
import { inspectFile } from '../inspect.ts';
import { formatProblem } from '../../config/error.ts';
import type { TConfig } from '../../config/schema/index.ts';
import type { IStatus } from '../answers.ts';
import type { Cli } from '../cli.ts';
import type { ApiClient } from '../client/client.ts';
import { CliError } from '../errors.ts';
import { cliLimits } from '../limits.ts';
import { fault, warning, type IDoctorContext, type IFinding } from './types.ts';

export interface IDoctorOptions {
  readonly config?: string;
  readonly resolver?: string;
}

export async function contextOf(
  cli: Cli,
  { config: file, resolver }: IDoctorOptions,
  tokenFile: string | undefined,
): Promise<IDoctorContext> {
  const problems: IFinding[] = [];
  let config: TConfig | undefined;
  if (file !== undefined) {
    const inspection = await inspectFile(file, cli.io.env);
    config = inspection.config;
    for (const problem of inspection.problems)
      problems.push(fault(formatProblem(problem), `correct it, then: dcrouter check ${file}`));
    for (const each of inspection.warnings) problems.push(warning(formatProblem(each)));
  }
  const client = await cli.client(config === undefined ? undefined : apiUrl(config));
  const { status, apiFault } = await statusOf(client);
  if (file === undefined && status !== undefined) config = await runningConfig(client);
  const local = /^(?:localhost|127\.|\[::1\])/.test(client.url.hostname);
  return { file, config, problems, client, status, apiFault, local, resolver, tokenFile, nowMs: Date.now() };
}

/** Where the document says that the API is, as this machine reaches it. */
function apiUrl({ api: { address, port, tls } }: TConfig): string {
  const host =
    address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : address.includes(':') ? `[${address}]` : address;
  return `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}

async function statusOf(client: ApiClient): Promise<Pick<IDoctorContext, 'status' | 'apiFault'>> {
  try {
    return { status: await client.get<IStatus>('/status', { timeoutMs: cliLimits.probeMs }), apiFault: undefined };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { status: undefined, apiFault: error };
  }
}

/** As the router shows it: with defaults, without secrets. */
async function runningConfig(client: ApiClient): Promise<TConfig | undefined> {
  const { config } = await client.get<{ readonly config: TConfig }>('/config');
  return config;
}
