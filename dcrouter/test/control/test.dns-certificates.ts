import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { documentOf, folderOf, ports, startNode } from './node.ts';

const api = { by: 'token:test' } as const;

async function shownAt(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

test('certificates of DNS over TLS and HTTPS change at once, connections and wrong pairs change nothing', async (t) => {
  const [apiPort, dnsPort, https, tls, fresh] = await ports(5);
  const folder = await folderOf(t);
  const place = async (name: string, certOf = name): Promise<object> => {
    const own = selfSignedCertificate([`${name}.test`]);
    const { cert } = certOf === name ? own : selfSignedCertificate([`${certOf}.test`]);
    const certificate = { keyFile: join(folder, `${name}.key`), certFile: join(folder, `${name}.crt`) };
    await writeFile(certificate.keyFile, own.key);
    await writeFile(certificate.certFile, cert);
    return certificate;
  };
  const dnsOf = (forHttps: object, forTls?: object): object => ({
    address: '127.0.0.1',
    port: dnsPort,
    https: { port: https, certificate: forHttps },
    tls: { port: tls, ...(forTls && { certificate: forTls }) },
  });
  const text = (dns: object, routes: Parameters<typeof documentOf>[1] = []): string =>
    documentOf(apiPort!, routes, { dns });
  const [one, two, three, mixed] = [
    await place('one'),
    await place('two'),
    await place('three'),
    await place('mixed', 'x'),
  ];
  const node = await startNode(t, text(dnsOf(one)));
  const { control } = node.running;
  const shown = async (): Promise<string[]> => [await shownAt(https!), await shownAt(tls!)];
  const apply = async (next: string) => await control.apply({ file: node.file, text: next, source: 'api' }, api);
  assert.deepEqual(await shown(), ['one.test', 'one.test']);

  const open = connect({ port: tls!, host: '127.0.0.1', rejectUnauthorized: false });
  t.after(() => open.destroy());
  await once(open, 'secureConnect');
  const applied = await apply(text(dnsOf(two, three)));
  assert.deepEqual(applied.plan.effects.needsRestart, []);
  assert.deepEqual(await shown(), ['two.test', 'three.test']);
  assert.equal(open.destroyed, false);

  await assert.rejects(apply(text(dnsOf(mixed))), /dns\.https\.certificate/);
  await assert.rejects(
    apply(text(dnsOf({ keyFile: join(folder, 'no'), certFile: join(folder, 'no') }))),
    /cannot be read/,
  );
  assert.deepEqual(await shown(), ['two.test', 'three.test']);

  // Its own key is gone: a change that a later part refuses is still undone, and others are still made.
  await rm(join(folder, 'two.key'));
  const tokens = [{ name: 'ops', scopes: ['read'], hashFile: join(folder, 'no') }];
  const refused = documentOf(apiPort!, [], { dns: dnsOf(one), api: { port: apiPort, tokens } });
  await assert.rejects(apply(refused), /api\.tokens/);
  assert.deepEqual(await shown(), ['two.test', 'three.test']);
  await apply(text(dnsOf(two, three), [{ name: 'fresh', port: fresh!, target: 1 }]));
  assert.deepEqual(await shown(), ['two.test', 'three.test']);
});
