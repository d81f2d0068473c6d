// Temporary folders and events for tests of the log.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { IRequestCompletedEvent } from '@dcrouter/smartproxy';
import { configSchema, type TConfig } from '../../ts/config/schema/index.ts';

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The `logging` section with its defaults filled in. */
export function logging(section: object): TConfig['logging'] {
  return configSchema.parse({ logging: section }).logging;
}

export function exchange(more: Partial<IRequestCompletedEvent> = {}): IRequestCompletedEvent {
  return {
    connectionId: 'c1',
    routeName: 'app',
    method: 'GET',
    host: 'a.test',
    path: '/apache_pb.gif',
    statusCode: 200,
    duration: 1_500,
    bytesIn: 100,
    bytesOut: 2_326,
    clientIp: '192.0.2.7',
    httpVersion: '1.0',
    referer: 'http://www.example.com/start.html',
    userAgent: 'Mozilla/4.08 [en] (Win98; I ;Nav)',
    timestamp: new Date('2000-10-10T20:55:37.500Z'),
    ...more,
  };
}
