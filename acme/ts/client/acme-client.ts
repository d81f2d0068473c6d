/**
 * The ACME client: one account at one CA, one method per operation of RFC 8555.
 *
 * @module
 */
import { inspectCertificate, splitPemChain } from '../certificate/inspect.ts';
import { importCertificateKey } from '../certificate/key-pair.ts';
import { identifierOf, normalizeNames } from '../certificate/names.ts';
import { AcmeError } from '../errors/acme-error.ts';
import type { AccountKey, IExternalAccountBinding } from '../keys/account-key.ts';
import { bindExternalAccount, signWithKey } from '../keys/account-key.ts';
import * as limits from '../limits/limits.ts';
import type { IAuthorization, IDirectory, IOrder, IRenewalInfo } from '../protocol/resources.ts';
import { readAuthorization, readOrder, readRenewalInfo } from '../protocol/resources.ts';
import { AcmeSession } from '../protocol/session.ts';
import { linkTargets, retryAfterMs } from '../transport/headers.ts';
import type { IAcmeResponse, IHttpsTransportOptions, TAcmeTransport } from '../transport/transport.ts';
import { createHttpsTransport } from '../transport/transport.ts';
import type { IAcmeClock } from './clock.ts';
import { systemClock } from './clock.ts';

/** Directories of Let's Encrypt. */
export const letsEncryptDirectory = {
  production: 'https://acme-v02.api.letsencrypt.org/directory',
  staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
} as const;

export interface IAcmeClientOptions {
  /** The CA's directory. */
  readonly directoryUrl: string;
  readonly accountKey: AccountKey;
  /** Mail addresses that the CA may write to. */
  readonly contacts?: readonly string[];
  /** Whether the operator agreed to the CA's terms; default false, and CAs that have terms then refuse an account. */
  readonly termsOfServiceAgreed?: boolean;
  readonly externalAccountBinding?: IExternalAccountBinding;
  /** How requests are sent; default HTTPS with the system's roots. */
  readonly transport?: TAcmeTransport;
  /** For the default transport. */
  readonly https?: IHttpsTransportOptions;
  readonly clock?: IAcmeClock;
  /** Sent as User-Agent (RFC 8555 §6.1 demands one). */
  readonly userAgent?: string;
}

/** What the CA knows of the account. */
export interface IAcmeAccount {
  /** The account's URL, its `kid`. */
  readonly url: string;
  /** Whether this call made it. */
  readonly created: boolean;
}

export interface INewOrderOptions {
  /** The certificate that this order replaces (RFC 9773 §5), PEM. Ignored by CAs without renewal information. */
  readonly replaces?: string;
  /** A profile from the directory; refused with `ACME_PROBLEM` when the CA does not know it. */
  readonly profile?: string;
  readonly signal?: AbortSignal;
}

/** A downloaded chain, leaf first, and what else the CA offers. */
export interface IDownloadedCertificate {
  readonly chain: string;
  /** Other chains for the same leaf (RFC 8555 §7.4.2). */
  readonly alternates: readonly string[];
}

/** A look at a resource that may still change. */
export interface IPolled<T> {
  readonly resource: T;
  /** What the CA asks to wait before the next look. */
  readonly retryAfterMs: number | undefined;
}

/** One account at one CA. Every method may reject with an {@link AcmeError}. */
export class AcmeClient {
  readonly clock: IAcmeClock;
  readonly #options: IAcmeClientOptions;
  readonly #session: AcmeSession;
  readonly #closeTransport: () => void;
  #key: AccountKey;
  #account: Promise<IAcmeAccount> | undefined;

  constructor(options: IAcmeClientOptions) {
    const own = options.transport === undefined ? createHttpsTransport(options.https) : undefined;
    this.#options = options;
    this.#key = options.accountKey;
    this.clock = options.clock ?? systemClock;
    this.#closeTransport = () => own?.close();
    this.#session = new AcmeSession({
      directoryUrl: options.directoryUrl,
      transport: options.transport ?? own!.send,
      clock: this.clock,
      userAgent: options.userAgent ?? 'dcrouter-acme/0.1',
    });
  }

  /** Thumbprint of the account key, as key authorizations carry it. */
  get thumbprint(): string {
    return this.#key.thumbprint;
  }

  /** Closes kept connections. The client stays usable. */
  close(): void {
    this.#closeTransport();
  }

  directory(signal?: AbortSignal): Promise<IDirectory> {
    return this.#session.directory(signal);
  }

  /** Finds the key's account, or makes one (RFC 8555 §7.3); asks the CA only once. */
  account(signal?: AbortSignal): Promise<IAcmeAccount> {
    this.#account ??= this.#register(signal).catch((error: unknown) => {
      this.#account = undefined;
      throw error;
    });
    return this.#account;
  }

  async #register(signal: AbortSignal | undefined): Promise<IAcmeAccount> {
    const directory = await this.directory(signal);
    const binding = this.#options.externalAccountBinding;
    if (directory.externalAccountRequired && binding === undefined) {
      throw new AcmeError('ACME_ACCOUNT', 'the CA demands an external account binding (key id and MAC key)');
    }
    const payload = {
      termsOfServiceAgreed: this.#options.termsOfServiceAgreed ?? false,
      contact: contactUrls(this.#options.contacts ?? []),
      ...(binding === undefined
        ? {}
        : { externalAccountBinding: bindExternalAccount(binding, directory.newAccount, this.#key.jwk) }),
    };
    return this.#accountFrom(await this.#postWithJwk(directory.newAccount, payload, signal));
  }

  /** The key's account if the CA has one, else undefined (RFC 8555 §7.3.1). */
  async findAccount(signal?: AbortSignal): Promise<IAcmeAccount | undefined> {
    const url = (await this.directory(signal)).newAccount;
    try {
      return this.#accountFrom(await this.#postWithJwk(url, { onlyReturnExisting: true }, signal));
    } catch (error) {
      if (error instanceof AcmeError && error.problemType === 'accountDoesNotExist') return undefined;
      throw error;
    }
  }

  #accountFrom(response: IAcmeResponse): IAcmeAccount {
    const url = response.headers['location'];
    if (url === undefined) throw new AcmeError('ACME_PROTOCOL', 'the CA returned an account without its Location');
    return { url, created: response.status === 201 };
  }

  /** Replaces the account's contacts (RFC 8555 §7.3.2). */
  async updateContacts(contacts: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.#post((await this.account(signal)).url, { contact: contactUrls(contacts) }, signal);
  }

  /** Closes the account for good (RFC 8555 §7.3.6). */
  async deactivateAccount(signal?: AbortSignal): Promise<void> {
    await this.#post((await this.account(signal)).url, { status: 'deactivated' }, signal);
    this.#account = undefined;
  }

  /** Moves the account to a new key (RFC 8555 §7.3.5). Store the new key before calling, and use it from then on. */
  async changeKey(newKey: AccountKey, signal?: AbortSignal): Promise<void> {
    const url = (await this.directory(signal)).keyChange;
    const account = (await this.account(signal)).url;
    const inner = newKey.sign({ jwk: newKey.jwk, url }, { account, oldKey: this.#key.jwk });
    await this.#post(url, inner, signal);
    this.#key = newKey;
  }

  /** Orders a certificate for `names` (RFC 8555 §7.4). */
  async newOrder(names: readonly string[], options: INewOrderOptions = {}): Promise<IOrder> {
    const identifiers = normalizeNames(names).map(identifierOf);
    if (identifiers.length > limits.namesPerOrderMax) {
      throw new AcmeError('ACME_NAME', `an order has at most ${limits.namesPerOrderMax} names`);
    }
    const directory = await this.directory(options.signal);
    const replaces =
      directory.renewalInfo === undefined || options.replaces === undefined
        ? undefined
        : inspectCertificate(options.replaces).renewalId;
    const payload = { identifiers, ...(options.profile === undefined ? {} : { profile: options.profile }) };
    if (replaces !== undefined) {
      try {
        return await this.#createOrder(directory.newOrder, { ...payload, replaces }, options.signal);
      } catch (error) {
        // RFC 9773 §5: the reference is a courtesy; a CA that does not accept it must still renew. Rate limits and
        // outages stay errors.
        if (!(error instanceof AcmeError) || error.code !== 'ACME_PROBLEM' || error.retry) throw error;
      }
    }
    return this.#createOrder(directory.newOrder, payload, options.signal);
  }

  async #createOrder(url: string, payload: object, signal: AbortSignal | undefined): Promise<IOrder> {
    const response = await this.#post(url, payload, signal);
    const location = response.headers['location'];
    if (location === undefined) throw new AcmeError('ACME_PROTOCOL', 'the CA returned an order without its Location');
    return readOrder(response.body, location);
  }

  async order(url: string, signal?: AbortSignal): Promise<IPolled<IOrder>> {
    const response = await this.#post(url, '', signal);
    return { resource: readOrder(response.body, url), retryAfterMs: this.#retryAfter(response) };
  }

  async authorization(url: string, signal?: AbortSignal): Promise<IPolled<IAuthorization>> {
    const response = await this.#post(url, '', signal);
    return { resource: readAuthorization(response.body, url), retryAfterMs: this.#retryAfter(response) };
  }

  /** Gives an authorization back, so that it does not count against the CA's limit of pending ones (RFC 8555 §7.5.2). */
  async deactivateAuthorization(url: string, signal?: AbortSignal): Promise<void> {
    await this.#post(url, { status: 'deactivated' }, signal);
  }

  /** Tells the CA to look (RFC 8555 §7.5.1). */
  async answerChallenge(url: string, signal?: AbortSignal): Promise<void> {
    await this.#post(url, {}, signal);
  }

  /** Sends the request, in DER, of an order whose names are all validated (RFC 8555 §7.4). */
  async finalize(order: IOrder, request: Buffer, signal?: AbortSignal): Promise<IPolled<IOrder>> {
    const response = await this.#post(order.finalize, { csr: request.toString('base64url') }, signal);
    return { resource: readOrder(response.body, order.url), retryAfterMs: this.#retryAfter(response) };
  }

  /**
   * Downloads a chain (RFC 8555 §7.4.2).
   *
   * @param alternates - Whether to fetch the other chains too; default false.
   */
  async downloadCertificate(url: string, alternates = false, signal?: AbortSignal): Promise<IDownloadedCertificate> {
    const response = await this.#post(url, '', signal, 'application/pem-certificate-chain');
    const others: string[] = [];
    if (alternates) {
      const targets = linkTargets(response.headers['link'], 'alternate', url).slice(0, limits.alternateChainsMax);
      for (const target of targets) {
        others.push(chainOf(await this.#post(target, '', signal, 'application/pem-certificate-chain')));
      }
    }
    return { chain: chainOf(response), alternates: others };
  }

  /**
   * Revokes a certificate (RFC 8555 §7.6).
   *
   * @param reason - RFC 5280 §5.3.1 code; default none.
   * @param certificateKeyPem - Sign with the certificate's own key instead of the account's.
   */
  async revokeCertificate(certificatePem: string, reason?: number, certificateKeyPem?: string): Promise<void> {
    const url = (await this.directory()).revokeCert;
    const first = splitPemChain(certificatePem)[0];
    if (first === undefined) throw new AcmeError('ACME_CERTIFICATE', 'there is no PEM certificate in the text');
    const der = Buffer.from(first.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
    const payload = { certificate: der.toString('base64url'), ...(reason === undefined ? {} : { reason }) };
    if (certificateKeyPem === undefined) {
      await this.#post(url, payload, undefined);
      return;
    }
    const key = importCertificateKey(certificateKeyPem).privateKey;
    await this.#session.post(url, (header) => signWithKey(key, header, payload));
  }

  /** When the CA wants this certificate renewed (RFC 9773); undefined when it does not say. */
  async renewalInfo(certificatePem: string, signal?: AbortSignal): Promise<IRenewalInfo | undefined> {
    const base = (await this.directory(signal)).renewalInfo;
    const id = base === undefined ? undefined : inspectCertificate(certificatePem).renewalId;
    if (base === undefined || id === undefined) return undefined;
    const response = await this.#session.get(`${base.replace(/\/$/, '')}/${id}`, signal);
    return readRenewalInfo(response.body, this.#retryAfter(response));
  }

  #retryAfter(response: IAcmeResponse): number | undefined {
    return retryAfterMs(response.headers['retry-after'], this.clock.now());
  }

  async #post(url: string, payload: unknown, signal?: AbortSignal, accept?: string): Promise<IAcmeResponse> {
    for (let attempt = 1; ; attempt++) {
      const kid = (await this.account(signal)).url;
      try {
        return await this.#session.post(url, (header) => this.#key.sign({ ...header, kid }, payload), signal, accept);
      } catch (error) {
        const forgotten = error instanceof AcmeError && error.problemType === 'accountDoesNotExist';
        if (!forgotten || attempt === 2) throw error;
        // A CA that was set up anew: register again, once, instead of failing until the next start.
        this.#account = undefined;
      }
    }
  }

  #postWithJwk(url: string, payload: unknown, signal: AbortSignal | undefined): Promise<IAcmeResponse> {
    return this.#session.post(url, (header) => this.#key.sign({ ...header, jwk: this.#key.jwk }, payload), signal);
  }
}

/** RFC 8555 §7.3: one address per mailto URL, without header fields. */
function contactUrls(addresses: readonly string[]): string[] {
  return addresses.map((address) => {
    if (!/^[^\s@,?&<>"]+@[^\s@,?&<>"]+$/.test(address)) {
      throw new AcmeError('ACME_ACCOUNT', 'an ACME contact must be one plain mail address');
    }
    return `mailto:${address}`;
  });
}

function chainOf(response: IAcmeResponse): string {
  const certificates = splitPemChain(response.body.toString('latin1'));
  if (certificates.length === 0) throw new AcmeError('ACME_PROTOCOL', 'the CA delivered no certificate');
  // Rebuilt from the blocks alone: text around them, which RFC 8555 §9.1 forbids, never reaches a file.
  return certificates.join('');
}
