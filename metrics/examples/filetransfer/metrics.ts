/**
 * What a peer-to-peer file-transfer application counts, defined once. Closed sets of label values are started at zero,
 * so that the first event is an increase and not a new series.
 *
 * @module
 */
import { exponentialBuckets, Registry } from '@dcrouter/metrics';

export type TTransferStatus = 'success' | 'failed' | 'cancelled';
export type TTransferMethod = 'p2p' | 'relay';
export type TConnectionType = 'webrtc' | 'websocket' | 'relay' | 'local' | 'internet';
export type TCandidate = 'host' | 'srflx' | 'relay';
export type TAlgorithm = 'ml-kem' | 'chacha20' | 'aes-gcm' | 'ed25519';
export type TOperation = 'encrypt' | 'decrypt' | 'sign' | 'verify' | 'keygen';
export type TErrorType = 'crypto' | 'network' | 'transfer' | 'validation' | 'auth' | 'storage';
export type TSeverity = 'low' | 'medium' | 'high' | 'critical';
export type TRoomEvent = 'created' | 'joined' | 'expired' | 'closed';

export const registry = new Registry();

export const transfers = registry.counter({
  name: 'tallow_transfers_total',
  help: 'File transfers by how they ended.',
  labelNames: ['status'],
});
for (const status of ['success', 'failed', 'cancelled'] as const) transfers.labels(status);

export const transferBytes = registry.counter({
  name: 'tallow_transfer_bytes_total',
  help: 'Bytes of files moved, by direction.',
  unit: 'bytes',
  labelNames: ['direction'],
});

export const transferSeconds = registry.histogram({
  name: 'tallow_transfer_duration_seconds',
  help: 'How long transfers took.',
  unit: 'seconds',
  labelNames: ['status', 'method'],
  buckets: [0.1, 0.5, 1, 5, 10, 30, 60, 300],
});

export const fileBytes = registry.histogram({
  name: 'tallow_file_size_bytes',
  help: 'Sizes of transferred files by type.',
  unit: 'bytes',
  labelNames: ['file_type'],
  // 1 KB to 4 GB
  buckets: exponentialBuckets(1_024, 4, 12),
  // The type comes from the file: whatever people send, there are at most fifty.
  seriesMax: 50,
});

export const activeConnections = registry.gauge({
  name: 'tallow_active_connections',
  help: 'Connections open now, by type.',
  labelNames: ['type'],
});
for (const type of ['webrtc', 'websocket', 'relay', 'local', 'internet'] as const) activeConnections.labels(type);

export const webrtcConnections = registry.counter({
  name: 'tallow_webrtc_connections_total',
  help: 'Attempts to connect, by outcome and kind of candidate.',
  labelNames: ['status', 'connection_type'],
});

export const webrtcSeconds = registry.histogram({
  name: 'tallow_webrtc_connection_time_seconds',
  help: 'How long it took to connect.',
  unit: 'seconds',
  labelNames: ['connection_type'],
});

export const encryptions = registry.counter({
  name: 'tallow_encryption_operations_total',
  help: 'Cryptographic operations by algorithm.',
  labelNames: ['algorithm', 'operation'],
});

export const encryptionSeconds = registry.histogram({
  name: 'tallow_encryption_duration_seconds',
  help: 'How long cryptographic operations took.',
  unit: 'seconds',
  labelNames: ['algorithm', 'operation'],
  buckets: exponentialBuckets(0.0001, 4, 8),
});

export const errors = registry.counter({
  name: 'tallow_errors_total',
  help: 'Errors by type and severity.',
  labelNames: ['type', 'severity'],
});

export const activeRooms = registry.gauge({ name: 'tallow_rooms_active', help: 'Transfer rooms open now.' });

export const rooms = registry.counter({
  name: 'tallow_rooms_total',
  help: 'What became of transfer rooms.',
  labelNames: ['status'],
});

export const devices = registry.gauge({
  name: 'tallow_discovery_devices_found',
  help: 'Devices seen on the local network.',
});

registry.gauge({
  name: 'tallow_memory_usage_bytes',
  help: 'Memory of the process by type.',
  unit: 'bytes',
  labelNames: ['type'],
  collect: (gauge) => {
    const { heapUsed, external, rss } = process.memoryUsage();
    gauge.set({ type: 'heap' }, heapUsed);
    gauge.set({ type: 'external' }, external);
    gauge.set({ type: 'rss' }, rss);
  },
});
