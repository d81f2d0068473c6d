/**
 * The client's errors: one class, one table of codes.
 *
 * "No such name" and "no such records" are answers, not errors; `resolve()` returns them. Only the functions that
 * follow Node's conventions (`lookup`, `getNameServers`, `getRecordWithNodeDNS`) report them as `ENOTFOUND` and
 * `ENODATA`.
 *
 * @module
 */

/** Where the fault lies. */
export type TDnsErrorSource = 'caller' | 'network' | 'server' | 'limit';

interface ICodeInfo {
  readonly source: TDnsErrorSource;
  /** Whether the same call may succeed later. */
  readonly retry: boolean;
  readonly text: string;
}

/** Every code that a `DnsError` can carry. */
export const dnsErrorCodes = {
  ENOTFOUND: { source: 'server', retry: false, text: 'the name does not exist' },
  ENODATA: { source: 'server', retry: false, text: 'the name has no records of this type' },
  ETIMEOUT: { source: 'network', retry: true, text: 'no resolver answered in time' },
  ECONNECT: { source: 'network', retry: true, text: 'the resolver cannot be reached' },
  ETLS: { source: 'network', retry: true, text: 'the TLS handshake with the resolver failed' },
  EHTTP: { source: 'server', retry: true, text: 'the DoH resolver did not answer with a DNS message' },
  EBADRESP: { source: 'server', retry: true, text: 'the reply is malformed or does not belong to the question' },
  EFORMERR: { source: 'server', retry: true, text: 'the resolver did not understand the question' },
  ESERVFAIL: { source: 'server', retry: true, text: 'the resolver failed to resolve the name' },
  ENOTIMP: { source: 'server', retry: true, text: 'the resolver does not implement this kind of question' },
  EREFUSED: { source: 'server', retry: true, text: 'the resolver refuses the question' },
  ERCODE: { source: 'server', retry: true, text: 'the resolver answered with another error' },
  ECNAMELOOP: { source: 'server', retry: false, text: 'the aliases form a loop or are too many' },
  EBADNAME: { source: 'caller', retry: false, text: 'the name is not a valid domain name' },
  EBADTYPE: { source: 'caller', retry: false, text: 'the record type is unknown or cannot be asked for' },
  EBADOPTION: { source: 'caller', retry: false, text: 'an option is not valid' },
  ENOUPSTREAM: { source: 'caller', retry: false, text: 'no resolver is configured' },
  EABORTED: { source: 'caller', retry: false, text: 'the caller gave up' },
  EDESTROYED: { source: 'caller', retry: false, text: 'the resolver was destroyed' },
  EBUSY: { source: 'limit', retry: true, text: 'too many questions are being asked already' },
} as const satisfies Record<string, ICodeInfo>;

export type TDnsErrorCode = keyof typeof dnsErrorCodes;

/** Why a resolver gave an error, in its own words (RFC 8914). */
export interface IExtendedError {
  /** INFO-CODE, such as 6 for "DNSSEC Bogus". */
  readonly infoCode: number;
  readonly text: string;
}

/** What is known about the failed question. */
export interface IDnsErrorDetail {
  readonly hostname?: string;
  readonly type?: string;
  /** The resolver asked last, as configured. */
  readonly upstream?: string;
  /** Mnemonic of the rcode where the resolver sent one. */
  readonly rcode?: string;
  readonly extendedErrors?: readonly IExtendedError[];
  /** Node's name of the failing call, such as `queryA`. */
  readonly syscall?: string;
  /** A short fixed word for counting, such as `case-mismatch`. */
  readonly reason?: string;
  readonly note?: string;
  readonly cause?: unknown;
}

/**
 * A question that got no usable answer.
 *
 * Compare `code`; the message is for people.
 */
export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly code: TDnsErrorCode;
  readonly source: TDnsErrorSource;
  /** Whether the same call may succeed later. */
  readonly retry: boolean;
  readonly hostname: string | undefined;
  readonly type: string | undefined;
  readonly upstream: string | undefined;
  readonly rcode: string | undefined;
  /** Extended DNS errors that came with the rcode; mostly none. */
  readonly extendedErrors: readonly IExtendedError[];
  readonly syscall: string | undefined;
  readonly reason: string | undefined;
  readonly #note: string | undefined;

  constructor(code: TDnsErrorCode, detail: IDnsErrorDetail = {}) {
    const info = dnsErrorCodes[code];
    const subject = detail.hostname === undefined ? '' : ` ${detail.hostname}${detail.type ? ` ${detail.type}` : ''}`;
    const where = detail.upstream === undefined ? '' : ` (asked ${detail.upstream})`;
    const note = detail.note === undefined ? '' : `: ${detail.note}`;
    super(`${code}${subject}: ${info.text}${where}${note}`, { cause: detail.cause });
    this.code = code;
    this.source = info.source;
    this.retry = info.retry;
    this.hostname = detail.hostname;
    this.type = detail.type;
    this.upstream = detail.upstream;
    this.rcode = detail.rcode;
    this.extendedErrors = detail.extendedErrors ?? [];
    this.syscall = detail.syscall;
    this.reason = detail.reason;
    this.#note = detail.note;
  }

  /** The same error with the question that it belongs to. */
  withQuestion(hostname: string, type: string): DnsError {
    if (this.hostname !== undefined) return this;
    const { upstream, rcode, extendedErrors, syscall, reason } = this;
    return new DnsError(this.code, {
      hostname,
      type,
      upstream,
      rcode,
      extendedErrors,
      syscall,
      reason,
      note: this.#note,
      cause: this.cause ?? this,
    });
  }
}

const codesByRcode: Readonly<Record<string, TDnsErrorCode>> = {
  FORMERR: 'EFORMERR',
  SERVFAIL: 'ESERVFAIL',
  NOTIMP: 'ENOTIMP',
  REFUSED: 'EREFUSED',
};

/** The error for an rcode that is not an answer. */
export function errorForRcode(rcode: string, detail: IDnsErrorDetail): DnsError {
  const reasons = (detail.extendedErrors ?? []).map(({ infoCode, text }) => ` EDE ${infoCode}${text && ` ${text}`}`);
  return new DnsError(codesByRcode[rcode] ?? 'ERCODE', { ...detail, rcode, note: `${rcode}${reasons.join(',')}` });
}

/** Any thrown value as a `DnsError`. */
export function asDnsError(error: unknown, code: TDnsErrorCode, detail: IDnsErrorDetail = {}): DnsError {
  if (error instanceof DnsError) return error;
  const note = error instanceof Error ? error.message : String(error);
  return new DnsError(code, { note, ...detail, cause: error });
}
