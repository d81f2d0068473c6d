import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { AcmeError, createHttpsTransport, inspectCertificate, selfSignedCertificate } from '@dcrouter/acme';
import type { IAcmeResponse } from '@dcrouter/acme';

const own = selfSignedCertificate(['127.0.0.1']);

async function setup(t: TestContext, listener: RequestListener, timeoutMs = 5_000) {
  const server = createServer({ cert: own.cert, key: own.key }, listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const transport = createHttpsTransport({ trustedRoots: own.cert, timeoutMs });
  t.after(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return (signal?: AbortSignal): Promise<IAcmeResponse> =>
    transport.send({ method: 'POST', url: `https://127.0.0.1:${port}/x`, headers: {}, body: '{}', signal });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'nothing',
    (reason: unknown) => reason,
  );
  return error instanceof AcmeError ? `${error.code} ${error.retry}` : String(error);
}

void test('an answer arrives with its status, its fields and its body', async (t) => {
  const send = await setup(t, (request, response) => {
    response.setHeader('Link', ['<https://a.test/1>; rel="alternate"', '<https://a.test/2>; rel="alternate"']);
    request.on('data', (chunk: Buffer) => response.writeHead(201, { 'Replay-Nonce': 'n' }).end(chunk));
  });
  const { status, headers, body } = await send();
  assert.deepEqual([status, headers['replay-nonce'], body.toString()], [201, 'n', '{}']);
  assert.equal(headers['link'], '<https://a.test/1>; rel="alternate", <https://a.test/2>; rel="alternate"');
});

void test('an endless answer is cut off', async (t) => {
  const send = await setup(t, (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  await assert.rejects(send(), /above 1048576 bytes/);
});

void test('a CA that does not answer, or stops in the middle, is unreachable after the time-out', async (t) => {
  const silent = await setup(t, () => undefined, 50);
  assert.equal(await codeOf(silent()), 'ACME_UNREACHABLE true');
  const half = await setup(t, (_request, response) => void response.writeHead(200).write('half'), 50);
  assert.equal(await codeOf(half()), 'ACME_UNREACHABLE true');
  const broken = await setup(t, (request) => request.socket.destroy());
  assert.equal(await codeOf(broken()), 'ACME_UNREACHABLE true');
});

void test('an abort ends a request at once and is told apart from an outage', async (t) => {
  const controller = new AbortController();
  const send = await setup(t, () => controller.abort());
  assert.equal(await codeOf(send(controller.signal)), 'ACME_ABORTED false');
  assert.equal(await codeOf(send(controller.signal)), 'ACME_ABORTED false');
});

void test('damaged certificates are refused with a code, whatever is damaged (seed 20301)', () => {
  let state = 20_301;
  const random = (below: number): number => {
    // Numerical Recipes' linear congruential generator: any repeatable sequence will do.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  const der = Buffer.from(own.cert.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  for (let round = 0; round < 2_000; round++) {
    const damaged = Buffer.from(der.subarray(0, random(8) === 0 ? random(der.length) : der.length));
    for (let count = random(4); count >= 0 && damaged.length > 0; count--)
      damaged[random(damaged.length)] = random(256);
    const pem = `-----BEGIN CERTIFICATE-----\n${damaged.toString('base64')}\n-----END CERTIFICATE-----\n`;
    try {
      inspectCertificate(pem);
    } catch (error) {
      assert.ok(error instanceof AcmeError && error.code === 'ACME_CERTIFICATE', String(error));
    }
  }
});
