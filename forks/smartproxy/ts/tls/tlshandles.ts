/**
 * Node's TLS over one of its TCP handles, the layer under `tls.TLSSocket`. No public interface of Node: what is used of
 * it stands here, is looked for before it is used, and nothing depends on its being there.
 *
 * @module
 */
import type { PeerCertificate } from 'node:tls';
import type { IHandle } from '../connection/handles.ts';

/** TLS as a handle: it reads and writes plain text, over a TCP handle that carries it. */
export interface ITlsHandle extends IHandle {
  onhandshakestart: () => void;
  onhandshakedone: () => void;
  onerror: (error: Error) => void;
  oncertcb: (asked: { OCSPRequest: boolean }) => void;
  /** Sends a client's first message. */
  start(): void;
  setServername(name: string): void;
  /** Takes bytes that somebody else read from the wire. */
  receive(bytes: Uint8Array): void;
  setVerifyMode(requestCertificate: boolean, rejectUnauthorized: boolean): void;
  setALPNProtocols(list: Uint8Array): void;
  /** The handshake waits for {@link ITlsHandle.certCbDone} before it chooses its certificate. */
  enableCertCb(): void;
  certCbDone(): void;
  setOCSPResponse(response: Uint8Array): void;
  getProtocol(): string | null;
  getALPNNegotiatedProtocol(): string | false | undefined;
  isSessionReused(): boolean;
  verifyError(): Error | null | undefined;
  /** @param withIssuers of the chain as well */
  getPeerCertificate(withIssuers: boolean): PeerCertificate | undefined;
  /** What the keys were agreed on with, where that was not certain beforehand. */
  getEphemeralKeyInfo(): { type?: string; size?: number } | null;
  destroySSL(): void;
}

type TWrap = (wire: IHandle, context: unknown, isServer: boolean, writeIsPending: false) => ITlsHandle;

const METHODS = (
  'useUserBuffer readStart readStop writeBuffer writeLatin1String shutdown receive setVerifyMode setALPNProtocols ' +
  'start setServername getEphemeralKeyInfo enableCertCb certCbDone setOCSPResponse getProtocol getALPNNegotiatedProtocol isSessionReused verifyError ' +
  'getPeerCertificate destroySSL onread writeQueueSize'
).split(' ');

let found: TWrap | null | undefined;

/** What puts TLS over a handle; null where the runtime does not show it. */
export function tlsWrap(): TWrap | null {
  if (found === undefined) found = find();
  return found;
}

function find(): TWrap | null {
  try {
    const { binding } = process as unknown as { binding: (name: string) => Record<string, unknown> };
    const { wrap, TLSWrap } = binding('tls_wrap');
    if (typeof wrap !== 'function' || typeof TLSWrap !== 'function') return null;
    const prototype = TLSWrap.prototype as object;
    return METHODS.every((name) => name in prototype) ? (wrap as TWrap) : null;
  } catch {
    return null;
  }
}
