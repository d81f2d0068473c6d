/**
 * Challenge answers for tests: a plain HTTP server, a TLS server, and TXT values of the test name server.
 *
 * @module
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecureContext, createServer as createTlsServer } from 'node:tls';
import type { SecureContext } from 'node:tls';

import type { IChallengeSolver } from '@dcrouter/acme';
import {
  acmeTlsProtocol,
  challengeCertificate,
  challengePathPrefix,
  dnsChallengeName,
  dnsChallengeValue,
  keyAuthorizationDigest,
} from '@dcrouter/acme';
import type { IDnsResponder } from './dns-responder.ts';

export interface ISolverServer {
  readonly port: number;
  readonly solver: IChallengeSolver;
  /** Answers that stand at the moment. */
  standing(): number;
  close(): Promise<void>;
}

export async function startHttpSolver(): Promise<ISolverServer> {
  const answers = new Map<string, string>();
  const server = createHttpServer((request, response) => {
    const answer = answers.get(request.url ?? '');
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    solver: {
      type: 'http-01',
      canSolve: (_identifier, wildcard) => !wildcard,
      present: (answer) => void answers.set(challengePathPrefix + answer.token, answer.keyAuthorization),
      cleanup: (answer) => void answers.delete(challengePathPrefix + answer.token),
    },
    standing: () => answers.size,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function startTlsSolver(): Promise<ISolverServer> {
  const contexts = new Map<string, SecureContext>();
  const server = createTlsServer({
    ALPNProtocols: [acmeTlsProtocol],
    SNICallback: (name, done) => {
      const context = contexts.get(name);
      done(context === undefined ? new Error('no such name') : null, context);
    },
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    solver: {
      type: 'tls-alpn-01',
      canSolve: (_identifier, wildcard) => !wildcard,
      present: (answer) => {
        const digest = keyAuthorizationDigest(answer.keyAuthorization);
        contexts.set(
          answer.identifier.value,
          createSecureContext(challengeCertificate(answer.identifier.value, digest)),
        );
      },
      cleanup: (answer) => void contexts.delete(answer.identifier.value),
    },
    standing: () => contexts.size,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export function dnsSolver(responder: IDnsResponder): IChallengeSolver {
  return {
    type: 'dns-01',
    present: (answer) => {
      const name = dnsChallengeName(answer.identifier.value);
      const values = responder.txt.get(name) ?? new Set();
      responder.txt.set(name, values.add(dnsChallengeValue(answer.keyAuthorization)));
    },
    cleanup: (answer) => {
      const name = dnsChallengeName(answer.identifier.value);
      const values = responder.txt.get(name);
      values?.delete(dnsChallengeValue(answer.keyAuthorization));
      if (values?.size === 0) responder.txt.delete(name);
    },
  };
}
