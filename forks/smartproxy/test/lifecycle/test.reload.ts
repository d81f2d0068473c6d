// Reload: certificates from files are read again, and nothing that is open notices.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

async function handshake(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

for (const workers of [undefined, 2]) {
  test(`a reload drops nothing and serves the certificate that the files hold now, workers: ${workers ?? 'none'}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'reload-'));
    t.after(() => rm(folder, { recursive: true }));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const put = async (): Promise<void> => {
      const { key, cert } = selfSignedCertificate(['a.test']);
      await writeFile(keyFile, key);
      await writeFile(certFile, cert);
    };
    await put();
    const backend = await startHttp(t, (_request, response) => response.end('served'));
    const web = forwardTo(backend.port);
    const route = {
      ...web,
      action: { ...web.action, tls: { mode: 'terminate' as const, certificate: { keyFile, certFile } } },
    };
    const { proxy, port } = await startProxy(t, [route], { workers });
    assert.deepEqual(proxy.getRoutes(), [route]);
    const old = await handshake(port(8080));
    const { fingerprint256 } = old.getPeerCertificate();
    let answers = '';
    old.on('data', (bytes) => (answers += String(bytes)));
    await put();
    const reloading = proxy.reload();
    // New connections come all the while; none may fail.
    const arrivals = Array.from({ length: 10 }, async () => (await handshake(port(8080))).destroy());
    await Promise.all(arrivals);
    await reloading;
    for (let n = 0; n < 6; n += 1) {
      const socket = await handshake(port(8080));
      assert.notEqual(socket.getPeerCertificate().fingerprint256, fingerprint256);
      socket.destroy();
    }
    old.write(GET);
    while (!answers.includes('served')) await once(old, 'data');
    old.destroy();
    // A file that cannot be used: everything stays as it is.
    await writeFile(certFile, 'no certificate');
    await assert.rejects(proxy.reload(), { code: 'PROXY_BAD_CERTIFICATE' });
    (await handshake(port(8080))).destroy();
  });
}
