/**
 * The calls that the rest of the application makes. They take what a caller has at hand and know the metrics, so that
 * nobody else has to.
 *
 * @module
 */
import { startTimer, timed } from '@dcrouter/metrics';
import * as metrics from './metrics.ts';

/** What is known of a transfer when it is over. */
export interface ITransfer {
  bytes: number;
  seconds: number;
  direction: 'sent' | 'received';
  status: metrics.TTransferStatus;
  method: metrics.TTransferMethod;
  fileType: string;
}

export function recordTransfer({ bytes, seconds, direction, status, method, fileType }: ITransfer): void {
  metrics.transfers.inc({ status });
  metrics.transferBytes.inc({ direction }, bytes);
  metrics.transferSeconds.observe({ status, method }, seconds);
  metrics.fileBytes.observe({ file_type: fileType }, bytes);
}

/** Runs a transfer and records it, whichever way it ends. */
export async function timedTransfer(
  about: Pick<ITransfer, 'bytes' | 'direction' | 'fileType' | 'method'>,
  transfer: () => Promise<void>,
): Promise<void> {
  const stop = startTimer();
  try {
    await transfer();
  } catch (error) {
    recordTransfer({ ...about, bytes: 0, seconds: stop(), status: 'failed' });
    throw error;
  }
  recordTransfer({ ...about, seconds: stop(), status: 'success' });
}

/** Counts a connection in and gives the call that counts it out. */
export function openConnection(type: metrics.TConnectionType): () => void {
  const active = metrics.activeConnections.labels(type);
  active.inc();
  return () => active.dec();
}

export function recordConnecting(candidate: metrics.TCandidate, succeeded: boolean, seconds: number): void {
  metrics.webrtcConnections.inc({ status: succeeded ? 'success' : 'failed', connection_type: candidate });
  if (succeeded) metrics.webrtcSeconds.observe({ connection_type: candidate }, seconds);
}

/** Runs a cryptographic operation, counts it and observes how long it took. */
export function timedEncryption<TResult>(
  algorithm: metrics.TAlgorithm,
  operation: metrics.TOperation,
  work: () => TResult | Promise<TResult>,
): Promise<TResult> {
  metrics.encryptions.inc({ algorithm, operation });
  return timed(metrics.encryptionSeconds.labels(algorithm, operation), work);
}

export function recordError(type: metrics.TErrorType, severity: metrics.TSeverity): void {
  metrics.errors.inc({ type, severity });
}

export function recordRoom(event: metrics.TRoomEvent): void {
  metrics.rooms.inc({ status: event });
  if (event === 'created') metrics.activeRooms.inc();
  if (event === 'closed' || event === 'expired') metrics.activeRooms.dec();
}

export function recordDevices(found: number): void {
  metrics.devices.set(found);
}
