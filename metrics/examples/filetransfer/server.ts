/**
 * Serves the metrics on /api/metrics:
 *
 *     node --conditions=dcrouter-source metrics/examples/filetransfer/server.ts
 *     curl http://127.0.0.1:3000/api/metrics
 *
 * @module
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { metricsHandler } from '@dcrouter/metrics';
import { registry } from './metrics.ts';

/** The application's server; loopback addresses alone may read the metrics. */
export function makeServer(): Server {
  const serveMetrics = metricsHandler(registry);
  return createServer((request, response) => {
    if (request.url === '/api/metrics') {
      void serveMetrics(request, response);
      return;
    }
    response.writeHead(404).end();
  });
}

if (import.meta.main) {
  const server = makeServer().listen(3_000, '127.0.0.1', () => {
    console.log('http://127.0.0.1:3000/api/metrics');
  });
  process.once('SIGINT', () => server.close());
}
