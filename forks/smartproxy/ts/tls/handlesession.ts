/**
 * Where TLS of a connection can stand on the handle of its socket.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import { HandleSocket } from '../connection/handlesocket.ts';
import type { ITlsListener, ITlsTerms } from './session.ts';
import { ServerTlsSocket } from './serversocket.ts';
import { canWrapHandles } from './tlssocket.ts';

/** Puts TLS over the handle of the connection's socket; null where that cannot be, and Node's streams must do. */
export function handleSession(
  connection: Connection,
  terms: ITlsTerms,
  listener: ITlsListener,
): ServerTlsSocket | null {
  const { raw, engine } = connection;
  if (!(raw instanceof HandleSocket) || !canWrapHandles()) return null;
  const socket = ServerTlsSocket.over(raw, terms, listener, engine.settings.noDelay);
  if (socket === null) return null;
  connection.raw = socket;
  connection.stream = socket;
  return socket;
}
