/**
 * ACME resources as RFC 8555 §7.1 defines them, and readers that accept nothing else.
 *
 * @module
 */
import { AcmeError, printable } from '../errors/acme-error.ts';
import type { IIdentifier } from '../certificate/names.ts';
import * as limits from '../limits/limits.ts';

/** RFC 8555 §7.1.1. */
export interface IDirectory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string;
  readonly keyChange: string;
  /** RFC 9773 §4; undefined when the CA has none. */
  readonly renewalInfo: string | undefined;
  readonly termsOfService: string | undefined;
  readonly externalAccountRequired: boolean;
  /** Names of certificate profiles that the CA offers. */
  readonly profiles: readonly string[];
}

/** RFC 8555 §7.1.3. */
export interface IOrder {
  readonly url: string;
  readonly status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  readonly identifiers: readonly IIdentifier[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | undefined;
  readonly error: IProblem | undefined;
}

/** RFC 8555 §7.1.4. */
export interface IAuthorization {
  readonly url: string;
  readonly status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
  readonly identifier: IIdentifier;
  readonly wildcard: boolean;
  readonly challenges: readonly IChallenge[];
}

/** RFC 8555 §8. */
export interface IChallenge {
  readonly type: string;
  readonly url: string;
  readonly status: string;
  /** Empty for challenge types that we do not know. */
  readonly token: string;
  readonly error: IProblem | undefined;
}

/** RFC 7807, as RFC 8555 §6.7 uses it. */
export interface IProblem {
  /** Without the `urn:ietf:params:acme:error:` prefix. */
  readonly type: string;
  readonly detail: string;
  readonly status: number | undefined;
  readonly subproblems: readonly { readonly type: string; readonly detail: string; readonly name?: string }[];
}

/** RFC 9773 §4.2. */
export interface IRenewalInfo {
  readonly start: Date;
  readonly end: Date;
  readonly explanationUrl: string | undefined;
  /** Milliseconds after which the CA wants to be asked again, already bounded. */
  readonly nextCheckMs: number;
}

type TJsonObject = Readonly<Record<string, unknown>>;

function malformed(what: string): AcmeError {
  return new AcmeError('ACME_PROTOCOL', `the CA's answer is malformed: ${what}`);
}

/** The object in a JSON body. */
export function readObject(body: Buffer, what: string): TJsonObject {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (isObject(value)) return value;
  } catch {
    // Falls through: not JSON and not an object are the same fault.
  }
  throw malformed(`${what} is not a JSON object`);
}

function isObject(value: unknown): value is TJsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(object: TJsonObject, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw malformed(`"${name}" is missing`);
  return value;
}

function optionalText(object: TJsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function list(object: TJsonObject, name: string, countMax: number): unknown[] {
  const value = object[name];
  if (!Array.isArray(value)) throw malformed(`"${name}" is not a list`);
  if (value.length > countMax) throw malformed(`"${name}" has more than ${countMax} entries`);
  return value;
}

function oneOf<T extends string>(object: TJsonObject, name: string, values: readonly T[]): T {
  const value = values.find((candidate) => candidate === object[name]);
  if (value === undefined) throw malformed(`"${name}" is not one of ${values.join(', ')}`);
  return value;
}

function identifier(value: unknown): IIdentifier {
  if (!isObject(value)) throw malformed('an identifier is not an object');
  return { type: oneOf(value, 'type', ['dns', 'ip']), value: text(value, 'value').toLowerCase() };
}

export function readDirectory(body: Buffer): IDirectory {
  const object = readObject(body, 'the directory');
  const meta = isObject(object['meta']) ? object['meta'] : {};
  return {
    newNonce: text(object, 'newNonce'),
    newAccount: text(object, 'newAccount'),
    newOrder: text(object, 'newOrder'),
    revokeCert: text(object, 'revokeCert'),
    keyChange: text(object, 'keyChange'),
    renewalInfo: optionalText(object, 'renewalInfo'),
    termsOfService: optionalText(meta, 'termsOfService'),
    externalAccountRequired: meta['externalAccountRequired'] === true,
    profiles: isObject(meta['profiles']) ? Object.keys(meta['profiles']) : [],
  };
}

export function readProblem(value: unknown): IProblem {
  const object = isObject(value) ? value : {};
  const entries = Array.isArray(object['subproblems']) ? object['subproblems'] : [];
  const subproblems = entries
    .slice(0, limits.subproblemsMax)
    .filter(isObject)
    .map((entry) => {
      const name = isObject(entry['identifier']) ? optionalText(entry['identifier'], 'value') : undefined;
      return { ...problemText(entry), ...(name === undefined ? {} : { name: printable(name) }) };
    });
  const status = object['status'];
  return { ...problemText(object), status: typeof status === 'number' ? status : undefined, subproblems };
}

function problemText(object: TJsonObject): { type: string; detail: string } {
  const type = (optionalText(object, 'type') ?? 'about:blank').replace(/^urn:ietf:params:acme:error:/, '');
  return { type: printable(type), detail: printable(optionalText(object, 'detail') ?? 'no detail given') };
}

export function readOrder(body: Buffer, url: string): IOrder {
  const object = readObject(body, 'the order');
  return {
    url,
    status: oneOf(object, 'status', ['pending', 'ready', 'processing', 'valid', 'invalid']),
    identifiers: list(object, 'identifiers', limits.namesPerOrderMax).map(identifier),
    authorizations: list(object, 'authorizations', limits.namesPerOrderMax).map(String),
    finalize: text(object, 'finalize'),
    certificate: optionalText(object, 'certificate'),
    error: object['error'] === undefined || object['error'] === null ? undefined : readProblem(object['error']),
  };
}

export function readAuthorization(body: Buffer, url: string): IAuthorization {
  const object = readObject(body, 'the authorization');
  return {
    url,
    status: oneOf(object, 'status', ['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked']),
    identifier: identifier(object['identifier']),
    wildcard: object['wildcard'] === true,
    challenges: list(object, 'challenges', limits.challengesPerAuthorizationMax).map(readChallenge),
  };
}

function readChallenge(value: unknown): IChallenge {
  if (!isObject(value)) throw malformed('a challenge is not an object');
  const token = optionalText(value, 'token') ?? '';
  // RFC 8555 §8.1: base64url without padding. Anything else could end up in a path or a file name.
  if (!/^[A-Za-z0-9_-]*$/.test(token)) throw malformed('a challenge token is not base64url');
  const error = value['error'];
  return {
    type: text(value, 'type'),
    url: optionalText(value, 'url') ?? '',
    status: optionalText(value, 'status') ?? 'pending',
    token,
    error: error === undefined || error === null ? undefined : readProblem(error),
  };
}

export function readRenewalInfo(body: Buffer, retryMs: number | undefined): IRenewalInfo {
  const object = readObject(body, 'the renewal information');
  const window = object['suggestedWindow'];
  if (!isObject(window)) throw malformed('"suggestedWindow" is missing');
  const start = new Date(text(window, 'start'));
  const end = new Date(text(window, 'end'));
  // RFC 9773 §4.2: a window that ends before it starts is treated as if there were none.
  if (!(start.getTime() < end.getTime())) throw malformed('"suggestedWindow" is not a span of time');
  const waitMs = retryMs ?? limits.renewalInfoIntervalMs;
  const nextCheckMs = Math.min(Math.max(waitMs, limits.renewalInfoIntervalMsMin), limits.renewalInfoIntervalMsMax);
  return { start, end, explanationUrl: optionalText(object, 'explanationURL'), nextCheckMs };
}
