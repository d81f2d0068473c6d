/**
 * Cross-origin resource sharing: preflights answered here, and the fields that let a page read a response. Section
 * numbers are those of the Fetch standard.
 *
 * @module
 */
import type { IRouteCors } from '../interfaces/http.ts';

const DEFAULT_METHODS = 'GET, POST, PUT, DELETE, PATCH, OPTIONS';

/** What the target says on its own is replaced, so that a browser never sees two answers. */
export const CORS_RESPONSE_FIELDS: readonly string[] = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
];

export class Cors {
  /** Null: any origin, without looking at it. */
  readonly #origins: ReadonlySet<string> | null;
  readonly #methods: string;
  readonly #headers: string | null;
  readonly #tail: string;
  readonly #exposed: string;
  readonly #answersPreflights: boolean;

  private constructor(config: IRouteCors) {
    const origins = typeof config.allowOrigin === 'string' ? [config.allowOrigin] : (config.allowOrigin ?? ['*']);
    this.#origins = origins.includes('*') ? null : new Set(origins.map((origin) => origin.toLowerCase()));
    this.#methods = joined(config.allowMethods) ?? DEFAULT_METHODS;
    this.#headers = joined(config.allowHeaders);
    const credentials = config.allowCredentials ? 'Access-Control-Allow-Credentials: true\r\n' : '';
    this.#tail = credentials + (config.maxAge === undefined ? '' : `Access-Control-Max-Age: ${config.maxAge}\r\n`);
    const expose = joined(config.exposeHeaders);
    this.#exposed = credentials + (expose === null ? '' : `Access-Control-Expose-Headers: ${expose}\r\n`);
    this.#answersPreflights = config.preflight !== false;
  }

  static compile(config: boolean | IRouteCors | undefined): Cors | null {
    if (config === true) return new Cors({ enabled: true });
    return typeof config === 'object' && config.enabled ? new Cors(config) : null;
  }

  /** Whether a request is a preflight to be answered here: §3.2.2. */
  isPreflight(method: string, origin: string | undefined, requestMethod: string | undefined): boolean {
    return this.#answersPreflights && method === 'OPTIONS' && origin !== undefined && requestMethod !== undefined;
  }

  /** Header lines of the 204 for a preflight; for an origin that is not allowed, none that would let it go on. */
  preflightLines(origin: string, requestHeaders: string | undefined): string {
    const allowed = this.#allowOrigin(origin);
    const vary = 'Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n';
    if (allowed === null) return vary;
    const headers = this.#headers ?? requestHeaders ?? '';
    const allowHeaders = headers === '' ? '' : `Access-Control-Allow-Headers: ${headers}\r\n`;
    const methods = `Access-Control-Allow-Methods: ${this.#methods}\r\n`;
    return `Access-Control-Allow-Origin: ${allowed}\r\n${methods}${allowHeaders}${this.#tail}${vary}`;
  }

  /** Header lines for a response; `origin` is the request's. */
  responseLines(origin: string | undefined): string {
    // Without Vary a cache could hand one origin's permission to another (§3.2.5).
    const vary = this.#origins === null ? '' : 'Vary: Origin\r\n';
    const allowed = this.#allowOrigin(origin);
    return allowed === null ? vary : `Access-Control-Allow-Origin: ${allowed}\r\n${this.#exposed}${vary}`;
  }

  #allowOrigin(origin: string | undefined): string | null {
    if (this.#origins === null) return '*';
    return origin !== undefined && this.#origins.has(origin.toLowerCase()) ? origin : null;
  }
}

function joined(value: string | readonly string[] | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : value.join(', ');
}
