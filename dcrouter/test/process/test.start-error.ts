// What a start or a change that the system refused says: the thing that it is about, and the way out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainStartError } from '../../ts/start-error.ts';

const system = (code: string, more: object): Error => Object.assign(new Error(`${code}: refused`), { code }, more);

test('an address that cannot be had is named with the way out', () => {
  const told = explainStartError('the proxy cannot start', system('EACCES', { address: '::', port: 80 })).message;
  assert.match(told, /^the proxy cannot start: this user may not listen on :::80; choose a port above 1023/);
});

test('a file that cannot be used is named, and never taken for an address', () => {
  const error = system('EACCES', { path: '/keys/example.test' });
  assert.equal(
    explainStartError('zone example.test cannot be signed', new Error('outer', { cause: error })).message,
    'zone example.test cannot be signed: EACCES: refused: /keys/example.test; let the user of this process use it',
  );
  const told = system('ENOTDIR', { path: '/keys', message: "ENOTDIR: not a directory, mkdir '/keys'" });
  assert.equal(explainStartError('x', told).message, "x: ENOTDIR: not a directory, mkdir '/keys'");
});

test('an error that is explained already stays as it is', () => {
  const first = explainStartError('zone example.test cannot be signed', new Error('no key'));
  assert.equal(explainStartError('the DNS server cannot follow', first), first);
});
