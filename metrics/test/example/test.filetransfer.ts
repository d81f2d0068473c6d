import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import * as record from '../../examples/filetransfer/record.ts';
import { makeServer } from '../../examples/filetransfer/server.ts';
import { parseExposition, valueOf } from '../helpers/parse.ts';

test('what the file-transfer application records is what its endpoint shows', async (t) => {
  const server = makeServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scrape = async () => parseExposition(await (await fetch(`${base}/api/metrics`)).text(), 'text');

  const before = await scrape();
  assert.equal(valueOf(before, 'tallow_transfers_total', { status: 'failed' }), 0, 'known label sets start at zero');

  record.recordTransfer({
    bytes: 1_024_000,
    seconds: 5.2,
    direction: 'sent',
    status: 'success',
    method: 'p2p',
    fileType: 'image/png',
  });
  const about = { bytes: 500, direction: 'received', fileType: 'text/plain', method: 'relay' } as const;
  await record.timedTransfer(about, async () => {});
  await assert.rejects(
    record.timedTransfer(about, () => Promise.reject(new Error('peer left'))),
    /peer left/,
  );
  const close = record.openConnection('webrtc');
  record.openConnection('webrtc');
  record.recordConnecting('srflx', true, 1.5);
  record.recordConnecting('relay', false, 9);
  close();
  const encrypted = await record.timedEncryption('aes-gcm', 'encrypt', () => {
    const cipher = createCipheriv('aes-256-gcm', randomBytes(32), randomBytes(12));
    return Buffer.concat([cipher.update('secret'), cipher.final()]);
  });
  assert.equal(encrypted.length, 6);
  record.recordError('network', 'high');
  for (const event of ['created', 'created', 'joined', 'closed'] as const) record.recordRoom(event);
  record.recordDevices(12);
  for (let type = 0; type < 80; type += 1)
    record.recordTransfer({ ...about, seconds: 1, status: 'success', fileType: `x/${type}` });

  const after = await scrape();
  assert.equal(valueOf(after, 'tallow_transfers_total', { status: 'success' }), 82);
  assert.equal(valueOf(after, 'tallow_transfers_total', { status: 'failed' }), 1);
  assert.equal(valueOf(after, 'tallow_transfer_bytes_total', { direction: 'sent' }), 1_024_000);
  assert.equal(valueOf(after, 'tallow_transfer_bytes_total', { direction: 'received' }), 81 * 500);
  const slow = { status: 'success', method: 'p2p' };
  assert.equal(valueOf(after, 'tallow_transfer_duration_seconds_bucket', { ...slow, le: '5' }), 0);
  assert.equal(valueOf(after, 'tallow_transfer_duration_seconds_bucket', { ...slow, le: '10' }), 1);
  assert.equal(valueOf(after, 'tallow_transfer_duration_seconds_sum', slow), 5.2);
  assert.equal(
    valueOf(after, 'tallow_file_size_bytes_count', { file_type: 'other' }),
    32,
    '50 types, the rest is other',
  );
  assert.equal(valueOf(after, 'tallow_active_connections', { type: 'webrtc' }), 1);
  assert.equal(valueOf(after, 'tallow_webrtc_connections_total', { status: 'failed', connection_type: 'relay' }), 1);
  assert.equal(valueOf(after, 'tallow_webrtc_connection_time_seconds_sum', { connection_type: 'srflx' }), 1.5);
  const operation = { algorithm: 'aes-gcm', operation: 'encrypt' };
  assert.equal(valueOf(after, 'tallow_encryption_operations_total', operation), 1);
  assert.equal(valueOf(after, 'tallow_encryption_duration_seconds_count', operation), 1);
  assert.equal(valueOf(after, 'tallow_errors_total', { type: 'network', severity: 'high' }), 1);
  assert.equal(valueOf(after, 'tallow_rooms_active'), 1);
  assert.equal(valueOf(after, 'tallow_rooms_total', { status: 'created' }), 2);
  assert.equal(valueOf(after, 'tallow_discovery_devices_found'), 12);
  assert.ok(valueOf(after, 'tallow_memory_usage_bytes', { type: 'rss' }) > 1e6);

  assert.equal((await fetch(`${base}/else`)).status, 404);
});
