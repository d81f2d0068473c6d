/**
 * What is known of the connection or request that is being looked up: one object per table, filled anew for each
 * look-up, so that a look-up allocates nothing.
 *
 * @module
 */
import { ipWords, parseIp } from '../security/ip.ts';
import { normalizeTlsVersion, type THeaderLookup } from './conditions.ts';
import { hostEnd } from './domain.ts';
import { pathEnd } from './path.ts';

const noHeader: THeaderLookup = () => undefined;

export class LookupFacts {
  readonly ip = new Uint32Array(4);
  hasIp = false;
  /** SNI or Host; empty when unknown. */
  host = '';
  hostEnd = 0;
  isRequest = false;
  path = '';
  pathEnd = 0;
  method = '';
  header: THeaderLookup = noHeader;
  tlsVersion: string | undefined = undefined;

  setConnection(clientIp: string, needsIp: boolean, sni: string | undefined, tlsVersion: string | undefined): void {
    this.#setIp(clientIp, needsIp);
    this.#setHost(sni);
    this.isRequest = false;
    this.tlsVersion = tlsVersion === undefined ? undefined : normalizeVersion(tlsVersion);
  }

  setRequest(
    clientIp: string,
    needsIp: boolean,
    host: string | undefined,
    path: string,
    method: string,
    header: THeaderLookup,
    tlsVersion: string | undefined,
  ): void {
    this.#setIp(clientIp, needsIp);
    this.#setHost(host);
    this.isRequest = true;
    this.path = path;
    this.pathEnd = pathEnd(path);
    this.method = method;
    this.header = header;
    this.tlsVersion = tlsVersion === undefined ? undefined : normalizeVersion(tlsVersion);
  }

  /** Lets go of the last request, which the header look-up would keep alive. */
  clear(): void {
    this.header = noHeader;
  }

  #setIp(clientIp: string, needsIp: boolean): void {
    this.hasIp = needsIp && parseIp(clientIp) !== 0;
    if (this.hasIp) this.ip.set(ipWords);
  }

  #setHost(host: string | undefined): void {
    this.host = host ?? '';
    this.hostEnd = host === undefined ? 0 : hostEnd(host);
  }
}

function normalizeVersion(version: string): string {
  return version.startsWith('TLSv') ? version : normalizeTlsVersion(version);
}
