// The least proxy by hand: node:http in front, undici's dispatch behind, hop-by-hop fields dropped.
import { Pool, type Dispatcher } from 'undici';
import { listen } from './front.ts';
import { UPSTREAM_SOCKETS, scenario, target } from './scenario.ts';

const pool = new Pool(target, { connections: UPSTREAM_SOCKETS, pipelining: 1 });
const dropped = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

listen((request, response) => {
  const headers: string[] = [];
  const raw = request.rawHeaders;
  for (let index = 0; index < raw.length; index += 2) {
    if (!dropped.has(raw[index]!.toLowerCase())) headers.push(raw[index]!, raw[index + 1]!);
  }
  headers.push('X-Forwarded-For', request.socket.remoteAddress ?? '', 'X-Forwarded-Proto', scenario.kind);
  headers.push('X-Forwarded-Host', request.headers.host ?? '');
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
      headers,
      body: hasBody ? request : null,
    },
    {
      onRequestStart: () => undefined,
      onResponseStart: (controller, statusCode, fields) => {
        delete fields['connection'];
        delete fields['keep-alive'];
        response.writeHead(statusCode, fields);
        response.on('drain', () => controller.resume());
      },
      onResponseData: (controller, chunk) => {
        if (!response.write(chunk)) controller.pause();
      },
      onResponseEnd: () => {
        response.end();
      },
      onResponseError: () => {
        response.destroy();
      },
    },
  );
});
