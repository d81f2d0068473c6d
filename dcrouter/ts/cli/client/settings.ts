/**
 * Where the API is and with what it is asked: from options, then from the environment.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { CliError, fileFault, UsageError } from '../errors.ts';
import { ApiClient } from './client.ts';

export const DEFAULT_URL = 'http://127.0.0.1:9090';

export interface IConnectionOptions {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
}

/** @throws UsageError, CliError `DCR_CLI_FILE` */
export async function clientFor(options: IConnectionOptions, env: NodeJS.ProcessEnv): Promise<ApiClient> {
  const url = urlOf(options.url ?? env['DCROUTER_URL'] ?? DEFAULT_URL);
  if (options.token !== undefined && options.tokenFile !== undefined)
    throw new UsageError('--token and --token-file are both given; keep one of them');
  const token =
    options.token ??
    (options.tokenFile === undefined
      ? env['DCROUTER_TOKEN'] || undefined
      : (await readText(options.tokenFile, 'the token')).trim());
  // A line feed in a field would be a defect of ours to Node; to the user it is a wrong token.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new UsageError('the token must be one word of visible ASCII, such as dcr_…');
  const ca = options.ca === undefined ? undefined : await readText(options.ca, 'the certificates');
  return new ApiClient({ url, ...(token !== undefined && { token }), ...(ca !== undefined && { ca }) });
}

function urlOf(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`'${text}' is no address of an API; expected one such as ${DEFAULT_URL}`);
  return url;
}

async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError('DCR_CLI_FILE', `cannot read ${what} from ${file}: ${fileFault(error)}`);
  }
}
