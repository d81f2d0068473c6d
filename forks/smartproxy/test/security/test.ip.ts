import assert from 'node:assert/strict';
import { isIP, SocketAddress } from 'node:net';
import { test } from 'node:test';
import { IpAccess, IpSet, normalizeIp, parseIpPattern } from '#proxy/security/index';
import { seededRandom } from '../helpers/random.ts';

const seed = Number(process.env.SEED ?? 4);

function setOf(...patterns: string[]): IpSet {
  return new IpSet(
    patterns.map((pattern) => {
      const range = parseIpPattern(pattern);
      assert.ok(range, pattern);
      return range;
    }),
  );
}

test(`an address is one exactly when Node says so (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const pieces = [
    '0',
    '1',
    '255',
    '256',
    '01',
    'ffff',
    'fFfF',
    '12345',
    'g',
    ':',
    '::',
    '.',
    '1.2.3.4',
    '%e',
    '',
    ':1',
  ];
  for (let i = 0; i < 20_000; i += 1) {
    const length = 1 + Math.floor(random() * 9);
    const separator = random() < 0.6 ? ':' : random() < 0.7 ? '.' : '';
    const text = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join(separator);
    // A zone stands for an interface; only its presence differs from Node's view.
    if (text.includes('%')) continue;
    assert.equal(parseIpPattern(text) !== null && !/[-/*]/.test(text), isIP(text) !== 0, JSON.stringify(text));
  }
});

test('addresses have one spelling: RFC 5952, and dotted decimal for mapped ones', () => {
  const cases = {
    '2001:DB8:0:0:0:0:0:1': '2001:db8::1',
    '2001:db8:0:1:0:0:0:1': '2001:db8:0:1::1',
    '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '0:0:0:0:0:0:0:0': '::',
    '::1': '::1',
    '1::': '1::',
    '::ffff:10.0.0.1': '10.0.0.1',
    '::FFFF:a00:1': '10.0.0.1',
    '64:ff9b::1.2.3.4': '64:ff9b::102:304',
    '10.0.0.1': '10.0.0.1',
    'fe80::1%eth0': 'fe80::1',
    'no address': 'no address',
  };
  for (const [given, expected] of Object.entries(cases)) assert.equal(normalizeIp(given), expected, given);
});

test('patterns that are none', () => {
  for (const text of [
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/01',
    '10.0.0.9-10.0.0.1',
    '10.0.0.1-::1',
    '*.0.0.1',
    '10.*.0.1',
    '10.0.0.1.*',
    '10.0.0.1-300',
    'localhost',
    '10.0.0.0/8/8',
  ]) {
    assert.equal(parseIpPattern(text), null, text);
  }
});

test('networks, ranges and wildcards hold what they say, to the last address', () => {
  const cases: Array<[string, string[], string[]]> = [
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.1.1'], ['9.255.255.255', '11.0.0.0', '::10.0.0.1']],
    ['10.1.2.3/8', ['10.9.9.9'], ['11.1.2.3']],
    ['0.0.0.0/0', ['1.2.3.4', '255.255.255.255'], ['::1', '2001:db8::1']],
    ['::/0', ['1.2.3.4', '::1'], []],
    ['192.168.1.7/32', ['192.168.1.7'], ['192.168.1.6', '192.168.1.8']],
    ['2001:db8::/33', ['2001:db8:7fff:ffff:ffff:ffff:ffff:ffff'], ['2001:db8:8000::']],
    ['::ffff:10.0.0.0/104', ['10.0.0.1'], ['11.0.0.1']],
    ['10.0.0.5-10.0.1.5', ['10.0.0.5', '10.0.0.255', '10.0.1.5'], ['10.0.0.4', '10.0.1.6']],
    ['10.0.0.5-9', ['10.0.0.9'], ['10.0.0.10']],
    ['10.0.*', ['10.0.0.0', '10.0.255.255'], ['10.1.0.0']],
    ['10.*.*.*', ['10.255.255.255'], ['11.0.0.0']],
    ['*', ['1.2.3.4', '::1'], []],
  ];
  for (const [pattern, inside, outside] of cases) {
    const set = setOf(pattern);
    for (const ip of inside) assert.ok(set.has(ip), `${ip} in ${pattern}`);
    for (const ip of outside) assert.ok(!set.has(ip), `${ip} not in ${pattern}`);
  }
});

test(`a set of many networks answers as a look at each of them (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const octet = () => Math.floor(random() * 4);
  const address = () => `${octet()}.${octet()}.${octet()}.${octet()}`;
  for (let round = 0; round < 50; round += 1) {
    const networks = Array.from({ length: 40 }, () => ({ ip: address(), bits: 22 + Math.floor(random() * 11) }));
    const set = setOf(...networks.map(({ ip, bits }) => `${ip}/${bits}`));
    for (let i = 0; i < 100; i += 1) {
      const ip = address();
      const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
      const inside = networks.some(({ ip: net, bits }) => {
        const size = 2 ** (32 - bits);
        return Math.floor(number(net) / size) === Math.floor(number(ip) / size);
      });
      assert.equal(set.has(ip), inside, ip);
    }
  }
});

test('block wins over allow, entries for domains count once the domain is known', () => {
  const access = IpAccess.compile(
    ['10.0.0.0/8', { ip: '192.168.0.0/16', domains: ['*.intern.test'] }],
    ['10.6.6.6', { ip: '10.7.0.0/16', domains: ['shop.test'] }],
  )!;
  assert.equal(access.check('10.1.1.1', undefined), null);
  assert.equal(access.check('::ffff:10.6.6.6', undefined), 'ip-blocked');
  assert.equal(access.check('10.7.1.1', 'other.test'), null);
  assert.equal(access.check('10.7.1.1', 'SHOP.test'), 'ip-blocked');
  assert.equal(access.check('192.168.1.1', undefined), 'ip-not-allowed');
  assert.equal(access.checkEarly('192.168.1.1'), null, 'a domain may still allow it');
  assert.equal(access.checkEarly('10.6.6.6'), 'ip-blocked');
  assert.equal(access.check('192.168.1.1', 'a.intern.test'), null);
  assert.equal(access.check('192.168.1.1', 'a.other.test'), 'ip-not-allowed');
  assert.equal(access.check('nonsense', undefined), 'ip-not-allowed');
  assert.equal(IpAccess.compile([], undefined), null);
});

test('the sockets of Node are described by addresses that we read', () => {
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    assert.ok(setOf(address).has(new SocketAddress({ address, family }).address));
  }
});
