/**
 * From a problem document (RFC 9457) to the error that the command tells.
 *
 * @module
 */
import { formatProblem } from '../../config/error.ts';
import { CliError } from '../errors.ts';

interface IProblemBody {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly title?: unknown;
  readonly problems?: ReadonlyArray<{
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
    readonly path: string;
    readonly message: string;
  }>;
}

/** What to do, where the API's own words do not say it to somebody at a command line. */
const REMEDIES: Readonly<Record<string, string>> = {
  DCR_API_UNAUTHORIZED: 'set --token, --token-file or DCROUTER_TOKEN',
  DCR_API_FORBIDDEN: 'use a token that has it, or make one: dcrouter tokens create NAME --scope SCOPE',
  DCR_API_IN_DOCUMENT: 'change the file, then: dcrouter apply FILE',
  DCR_API_RATE_LIMITED: 'wait a minute, or raise api.rateLimit',
  DCR_API_MISDIRECTED: 'name the host in api.hosts, or use its address in --url',
  DCR_API_NETWORK: 'add this network to api.allow',
  DCR_CONTROL_PRECONDITION: 'look again, then repeat the change with the new tag',
  DCR_CONTROL_NO_VERSION: 'see them with: dcrouter config versions',
  DCR_STORE_UNAVAILABLE: 'see: dcrouter doctor',
  DCR_STORE_CONFLICT: 'repeat the change',
  DCR_API_INTERNAL: 'see: dcrouter logs --level error',
};

/** @param file how the user knows the document that was sent */
export function problemError(status: number, text: string, file?: string): CliError {
  const body = bodyOf(text);
  if (body === undefined || typeof body.code !== 'string') {
    const reason = `what answers is no management API of dcrouter (status ${status}); check --url`;
    return new CliError('DCR_CLI_NO_API', reason);
  }
  const { code, problems = [] } = body;
  const details = problems.map((problem) => formatProblem({ ...problem, file: fileOf(problem.file, file) }).trim());
  const said = String(body.detail ?? body.title ?? code);
  // The details of a configuration are the message, one line each.
  const message = details.length > 0 && said.includes('\n') ? String(body.title) : said.replaceAll(/\s*\n\s*/g, '; ');
  const sameAsDetail = details.length === 1 && code === 'DCR_CONFIG_INVALID';
  const remedy = REMEDIES[code];
  return new CliError(
    code,
    `${sameAsDetail ? String(body.title) : message}${remedy === undefined ? '' : `; ${remedy}`}`,
    details,
  );
}

/** The router knows a document by its own file name; the user by the one that was given. */
function fileOf(told: string | undefined, known: string | undefined): string {
  if (told === undefined) return known ?? '';
  return known === undefined || /^(?:object |DCROUTER_)/.test(told) ? told : known;
}

function bodyOf(text: string): IProblemBody | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
