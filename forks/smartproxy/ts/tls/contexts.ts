/**
 * Server-side TLS contexts: one per route that terminates, made before the route is used.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { ProxyError } from '../errors.ts';
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import type { ICertificateConfig, IRouteTls } from '../interfaces/tls.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import { SESSION_SECONDS } from '../limits/tls-config.ts';
import { clientAuthKey } from './clientauth.ts';
import { TicketKeys } from './ticketkeys.ts';

/** The certificate of a route by its name; undefined when it has none of its own. */
export type TMaterial = (routeName: string) => { readonly cert: string; readonly key: string } | undefined;

/** Bytes of a session's context (OpenSSL, SSL_MAX_SID_CTX_LENGTH). */
const SESSION_CONTEXT_BYTES = 32;
const NO_CLIENT_AUTH = 'dcrouter';

/**
 * The two contexts of one route. Most clients bring no ticket: theirs is sealed by OpenSSL itself. Those that do bring
 * one meet the keys of before and after as well, which Node asks JavaScript about, twice in every handshake.
 */
export class RouteContexts {
  readonly #options: tls.SecureContextOptions;
  readonly #tickets: TicketKeys;
  readonly #plain: tls.SecureContext;
  #resuming: tls.SecureContext | null = null;

  constructor(options: tls.SecureContextOptions, tickets: TicketKeys) {
    this.#options = options;
    this.#tickets = tickets;
    this.#plain = tls.createSecureContext(options);
    tickets.seal(this.#plain);
  }

  /** @param resumes the client brings a ticket */
  for(resumes: boolean): tls.SecureContext {
    if (!resumes) return this.#plain;
    if (this.#resuming === null) {
      this.#resuming = tls.createSecureContext(this.#options);
      this.#tickets.open(this.#resuming);
    }
    return this.#resuming;
  }
}

/** Makes contexts. Tickets of one are good for all that ask for the same client certificates: they share the keys. */
export class TlsContexts {
  readonly #options: ISmartProxyOptions;
  readonly #material: TMaterial;
  /** What all contexts seal their tickets with. */
  readonly tickets = new TicketKeys();

  /** @param material gives the certificates that the proxy manages itself */
  constructor(options: ISmartProxyOptions, material: TMaterial) {
    this.#options = options;
    this.#material = material;
  }

  /** The contexts of a route that terminates TLS. @throws ProxyError when its certificate cannot be used */
  make(route: ICompiledRoute): RouteContexts {
    const settings = route.config.action.tls;
    const pair = this.#pair(route.name, settings?.certificate);
    try {
      const options = {
        ...pair,
        // With client certificates these are the authorities that they are checked against.
        ca: settings?.clientAuth?.ca ?? pair.ca,
        sessionIdContext: sessionContext(settings),
        ciphers: settings?.ciphers ?? this.#options.ciphers,
        honorCipherOrder: settings?.honorCipherOrder ?? this.#options.honorCipherOrder,
        sessionTimeout: settings?.sessionTimeout ?? SESSION_SECONDS,
        minVersion: lowest(settings) ?? this.#options.minVersion,
        maxVersion: highest(settings) ?? this.#options.maxVersion,
      };
      return new RouteContexts(options, this.tickets);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ProxyError(
        'PROXY_BAD_CERTIFICATE',
        `route ${route.name}: its certificate cannot be used: ${why}`,
        error,
      );
    }
  }

  #pair(name: string, certificate: IRouteTls['certificate']): tls.SecureContextOptions {
    if (typeof certificate === 'object') return readPair(name, certificate);
    const managed = certificate === undefined ? undefined : this.#material(name);
    if (managed !== undefined) return { cert: managed.cert, key: managed.key };
    const { key, cert, pfx, passphrase, ca } = this.#options;
    if (pfx !== undefined) return { pfx, passphrase };
    if (key !== undefined && cert !== undefined) return { key, cert, passphrase, ca };
    throw new ProxyError(
      'PROXY_NO_CERTIFICATE',
      `route ${name} terminates TLS and has no certificate: give tls.certificate, or key and cert of the proxy`,
    );
  }
}

/**
 * A resumed session brings the verdict about its client certificate along. Where other certificates are asked for it
 * must not count, so it is made and resumed under what decides about them.
 */
function sessionContext(settings: IRouteTls | undefined): string {
  return (clientAuthKey(settings) || NO_CLIENT_AUTH).slice(0, SESSION_CONTEXT_BYTES);
}

function readPair(name: string, certificate: ICertificateConfig): tls.SecureContextOptions {
  try {
    const key = certificate.key ?? readFileSync(certificate.keyFile ?? '', 'utf8');
    const leaf = certificate.cert ?? readFileSync(certificate.certFile ?? '', 'utf8');
    const cert = certificate.ca === undefined ? leaf : `${leaf}\n${certificate.ca}`;
    return { key, cert, passphrase: certificate.passphrase };
  } catch (error) {
    throw new ProxyError('PROXY_BAD_CERTIFICATE', `route ${name}: its key or certificate file cannot be read`, error);
  }
}

function lowest(settings: IRouteTls | undefined): tls.SecureVersion | undefined {
  return settings?.versions === undefined ? undefined : [...settings.versions].sort()[0];
}

function highest(settings: IRouteTls | undefined): tls.SecureVersion | undefined {
  return settings?.versions === undefined ? undefined : [...settings.versions].sort().at(-1);
}
