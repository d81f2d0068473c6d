/**
 * Two tiny backends, so that the example configuration has something to route to: one speaks HTTP, one HTTPS.
 *
 * @module
 */
import { selfSignedCertificate } from '@dcrouter/acme';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface IExampleBackends {
  readonly httpPort: number;
  readonly httpsPort: number;
  close(): Promise<void>;
}

function greet(who: string): RequestListener {
  return (request, response) => {
    request.resume();
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(`${who} got ${request.method} ${request.url} for ${request.headers.host ?? '(no host)'}\n`);
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Starts both backends on loopback; port 0 lets the system choose. */
export async function startExampleBackends(httpPort: number, httpsPort: number): Promise<IExampleBackends> {
  const certificate = selfSignedCertificate(['secure.example.test']);
  const plain = createHttpServer(greet('the HTTP backend'));
  const secure = createHttpsServer({ key: certificate.key, cert: certificate.cert }, greet('the HTTPS backend'));
  const close = async (): Promise<void> => {
    for (const server of [plain, secure]) {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    }
  };
  try {
    return { httpPort: await listen(plain, httpPort), httpsPort: await listen(secure, httpsPort), close };
  } catch (error) {
    await close();
    throw error;
  }
}
