// What expressions mean, and what is said about those that mean nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TRuleConfig } from '../../ts/config/schema/rules.ts';
import { RulesError } from '../../ts/rules/compile.ts';
import { RuleSet } from '../../ts/rules/ruleset.ts';
import type { IFactsInput } from '../../ts/rules/types.ts';
import { decide, ruleSet } from './rules.ts';

const lists = { office: ['192.0.2.0/24', '2001:db8::/32'], bad: ['bad.test', '*.evil.test'], one: ['10.1.1.1'] };

const request: IFactsInput = {
  client: { ip: '192.0.2.7', port: 40_000 },
  conn: { port: 443, protocol: 'https' },
  tls: { sni: 'shop.example.com', version: 'TLSv1.3' },
  http: {
    method: 'GET',
    scheme: 'https',
    host: 'Shop.Example.com',
    path: '/api/v1/items?x=1',
    headers: { 'User-Agent': 'curl/8.0', 'Cookie': 'a=1; session=xyz; ab=2', 'X-Empty': '' },
  },
  route: { name: 'shop' },
  // A Friday, 15:04:05 in UTC.
  atMs: Date.UTC(2026, 10, 27, 15, 4, 5),
};
const query: IFactsInput = {
  client: { ip: '2001:db8::9' },
  dns: { qname: 'WWW.Example.com.', qtype: 'aaaa', do: true, rd: false },
};
const mail: IFactsInput = {
  client: { ip: '203.0.113.5' },
  smtp: { helo: 'mx.sender.test', from: 'Ann@Sender.test', to: 'bob@example.com', size: 2_000_000 },
};

/** Expression → whether it holds. */
const MEANINGS: ReadonlyArray<readonly [string, IFactsInput, boolean]> = [
  // Names, in any case, and their wildcards.
  ['http.host == "shop.example.com"', request, true],
  ['http.host == "SHOP.example.com."', request, true],
  ['"shop.example.com" == http.host', request, true],
  ['http.host != "shop.example.com"', request, false],
  ['http.host like "*.example.com"', request, true],
  ['http.host like "*.EXAMPLE.com"', request, true],
  ['http.host like "example.com"', request, false],
  ['http.host like "s?op.*"', request, true],
  ['http.host under "example.com"', request, true],
  ['http.host under "ample.com"', request, false],
  ['http.host in ["a.test", "shop.example.com"]', request, true],
  ['http.host in @bad', request, false],
  ['http.host in @bad', { http: { host: 'bad.test' } }, true],
  ['http.host in @bad', { http: { host: 'x.evil.test' } }, true],
  ['http.host in @bad', { http: { host: 'evil.test' } }, false],
  ['http.host not in @bad', request, true],
  ['http.host == tls.sni', request, true],
  // Paths.
  ['http.path == "/api/v1/items"', request, true],
  ['http.path under "/api"', request, true],
  ['http.path under "/api/"', request, true],
  ['http.path under "/ap"', request, false],
  ['http.path starts_with "/api/v"', request, true],
  ['http.path ends_with "/items"', request, true],
  ['http.path contains "v1"', request, true],
  ['http.path like "/api/*/items"', request, true],
  ['http.path matches "^/api/v[0-9]+/"', request, true],
  ['http.path matches "(?i)^/API/"', request, true],
  ['http.path matches "v[2-9]"', request, false],
  ['http.query == "x=1"', request, true],
  ['http.method in ["POST", "PUT"]', request, false],
  // Headers and cookies.
  ['http.header("User-Agent") starts_with "curl/"', request, true],
  ['lower(http.header("user-agent")) == "CURL/8.0"', request, false],
  ['len(http.header("user-agent")) == 8', request, true],
  ['http.cookie("session") == "xyz"', request, true],
  ['http.cookie("b") == "2"', request, false],
  ['exists(http.header("x-empty"))', request, true],
  ['exists(http.header("x-none"))', request, false],
  // Addresses.
  ['client.ip in 192.0.2.0/24', request, true],
  ['client.ip in 10.0.0.0/8', request, false],
  ['client.ip not in 10.0.0.0/8', request, true],
  ['client.ip == 192.0.2.7', request, true],
  ['client.ip != 192.0.2.7', request, false],
  ['client.ip == ::ffff:192.0.2.7', request, true],
  ['client.ip in [10.0.0.0/8, 192.0.2.7]', request, true],
  ['client.ip in @office', request, true],
  ['client.ip in @one', { client: { ip: '10.1.1.1' } }, true],
  ['client.ip in 2001:db8::/32', { client: { ip: '2001:db8:1::1' } }, true],
  // Numbers and their order.
  ['client.port >= 40000 and conn.port == 443', request, true],
  ['conn.port in [80, 8080]', request, false],
  ['1024 < client.port', request, true],
  ['1024 > client.port', request, false],
  // Joining.
  ['not http.method == "POST" and conn.port == 443', request, true],
  ['!(http.method == "GET") || conn.port == 443 && true', request, true],
  ['http.method == "POST" or http.method == "GET" and conn.port == 80', request, false],
  ['(http.method == "POST" or http.method == "GET") and conn.port == 443', request, true],
  // Time, in UTC here.
  ['time.weekday == "fri" and time.hour == 15 and time.minute == 4', request, true],
  ['time.date >= "2026-11-01" and time.date < "2026-12-01"', request, true],
  ['time.unix > 1700000000', request, true],
  // DNS.
  ['dns.qname == "www.example.com"', query, true],
  ['dns.qname under "example.com" and dns.qtype == "AAAA"', query, true],
  ['dns.qname under "."', query, true],
  ['dns.do and not dns.rd', query, true],
  ['dns.do == true', query, true],
  ['dns.transport == "udp" and dns.qclass == "IN"', query, true],
  ['http.host == "www.example.com" or dns.qname == "www.example.com"', query, true],
  // Mail.
  ['smtp.from == "ann@sender.test"', mail, true],
  ['smtp.from_domain == "sender.test" and smtp.to_domain under "example.com"', mail, true],
  ['smtp.size > 1MB and smtp.size <= 2MB', mail, true],
  ['exists(smtp.auth_user)', mail, false],
  // Absent: nothing that is said about it holds, its contrary neither; `not` turns the comparison round.
  ['http.header("x-none") == "a"', request, false],
  ['http.header("x-none") != "a"', request, false],
  ['http.header("x-none") in ["a"]', request, false],
  ['http.header("x-none") not in ["a"]', request, false],
  ['http.header("x-none") matches "^$"', request, false],
  ['len(http.header("x-none")) < 5', request, false],
  ['lower(http.header("x-none")) != "a"', request, false],
  ['not http.header("x-none") == "a"', request, true],
  ['client.port != 5', { client: { ip: '192.0.2.7' } }, false],
  ['client.ip not in 10.0.0.0/8', { client: {} }, false],
  ['tls.sni != "a.test"', { conn: { port: 80, protocol: 'tcp' } }, false],
];

for (const [when, facts, expected] of MEANINGS) {
  test(`${when} is ${expected}`, () => {
    const set = ruleSet([{ when }], { lists });
    assert.equal(decide(set, facts).decision, expected ? 'deny' : 'continue');
  });
}

/** Expression → what is said, in full. */
const COMPLAINTS: ReadonlyArray<readonly [string, string]> = [
  ['http.hots == "a"', "'http.hots' is no field; did you mean http.host? (column 1)"],
  ['http.header == "a"', 'http.header is asked as http.header("name") (column 1)'],
  ['shop == "a"', `'shop' is no field; a text stands in quotes: "shop" (column 1)`],
  ['tls.fingerprint == "a"', "'tls.fingerprint' is no field; known are tls.sni, tls.version (column 1)"],
  ['http.host', 'http.host is a text, expected a condition; compare it with something (column 1)'],
  ['http.host == 5', 'the number 5 is a number, expected a text (column 14)'],
  ['conn.port == "443"', "the text '443' is a text, expected a number (column 14)"],
  ['client.ip == "10.0.0.1"', 'an address stands without quotes: 10.0.0.1 (column 14)'],
  ['client.ip == 10.0.0.0/8', '10.0.0.0/8 is a network; write in instead of == (column 14)'],
  ['client.ip in 10.0.0.0/40', "'10.0.0.0/40' is no address or network (column 14)"],
  ['client.ip in 999.0.0.1', "'999.0.0.1' is no address or network (column 14)"],
  ['http.host in @offices', '@offices; did you mean @office?'],
  ['http.host in @office', '@office holds addresses, but a text is looked for (column 14)'],
  ['client.ip in @bad', '@bad holds names, but an address is looked for (column 14)'],
  ['http.method == "get"', "got 'get', which never occurs here; did you mean 'GET'? (column 16)"],
  ['dns.qtype == "aaaa"', "got 'aaaa', which never occurs; did you mean 'AAAA'? (column 14)"],
  ['time.weekday in ["sat", "sunday"]', "got 'sunday', which never occurs here; expected 'mon', 'tue', "],
  ['time.date == "27.11.2026"', 'expected a day such as "2026-11-27" (column 14)'],
  ['http.path == "api"', "got 'api', expected a path from / (column 14)"],
  ['http.host = "a"', "'=' is no operator; compare with '==' (column 11)"],
  ['http.host == "a', 'a text begins here and its closing " is missing (column 14)'],
  ['http.host == "a" http.path == "/"', "got 'http.path', expected and, or or the end of the expression (column 18)"],
  ['http.host lik "*.a"', "got 'lik', expected and, or or the end of the expression; did you mean like? (column 11)"],
  ['http.host == "a" and', 'the expression ends where a field, a value or ( is expected (column 21)'],
  ['(http.host == "a"', 'the expression ends where ) is expected (column 18)'],
  ['1 < conn.port < 5', 'comparisons do not chain; join two of them with and (column 15)'],
  ['http.host < "b"', '< compares numbers and days, but http.host is a text (column 1)'],
  ['http.host in "a"', "got the text 'a' behind in, expected a network, a list such as [1, 2] or @name (column 14)"],
  ['http.host in []', 'the list is empty: nothing is in it (column 14)'],
  ['http.host in ["a", conn.port]', 'conn.port is a number, expected a text (column 20)'],
  ['http.query under "a"', 'under compares host names and paths; use starts_with or ends_with here (column 1)'],
  ['http.path matches "(?=a)b"', 'look-around, named groups and flags inside are not supported'],
  ['http.path matches "(a)\\\\1"', 'back-references are not supported'],
  ['http.path matches "(a"', "this '(' is not closed (column 20)"],
  ['http.path matches http.host', 'got http.host behind matches, expected a text in quotes (column 19)'],
  ['lenn(http.path) > 5', "'lenn' is no function; did you mean len(text)? (column 1)"],
  ['length(http.path) > 5', `'length' is no function; known are http.header("name")`],
  ['http.host("a") == "b"', 'http.host is a field and takes no arguments (column 1)'],
  ['http.header() == "b"', 'got 0 arguments, expected http.header("name") (column 1)'],
  ['http.header(http.host) == "b"', 'got http.host, expected the name of a header in quotes (column 13)'],
  ['client.rate("10") > 5', `got the text '10', expected a time such as "10s" (column 13)`],
  ['client.rate(2d) > 5', 'a window is 1 ms to 24 h long (column 13)'],
  ['rate(client.rate("1s"), "10s") > 5', 'counters cannot count by other counters (column 1)'],
  ['smtp.size > 5 apples', "got 'apples', expected and, or or the end of the expression (column 15)"],
  ['smtp.size > 5mb', "'mb' is no unit; known are ms, s, m, h, d, B, kB, MB, GB, KiB, MiB, GiB (column 14)"],
  ['conn.port > 10s', 'a time stands only inside rate(…) and count(…); compare with a number (column 13)'],
  ['not http.host', 'http.host is a text, expected a condition; compare it with something (column 5)'],
  [
    'http.host == "a" and dns.qname == "b"',
    'http.host (request) and dns.qname (query) are never known together; part them with or, or write two rules (column 1)',
  ],
  ['http.host == dns.qname', 'are never known together'],
  ['', 'the expression is empty'],
  ['(('.repeat(40), 'more than 64 levels stand inside one another'],
];

for (const [when, expected] of COMPLAINTS) {
  test(`${when.slice(0, 60) || '(nothing)'} is refused with its place`, () => {
    const config = { timeZone: 'UTC', record: 0, lists, rules: [rule(when)] };
    const complaints = complaintsOf(() => new RuleSet(config));
    assert.equal(complaints.length, 1);
    const [complaint] = complaints;
    assert.deepEqual(complaint!.path, ['rules', 0, 'when']);
    assert.ok(complaint!.message.includes(expected), complaint!.message);
  });
}

function rule(when: string): TRuleConfig {
  return {
    name: 'r',
    when,
    enabled: true,
    priority: 0,
    action: { type: 'deny', status: 403, answer: 'REFUSED' },
  };
}

function complaintsOf(make: () => void): RulesError['complaints'] {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof RulesError, String(error));
    return error.complaints;
  }
  return assert.fail('it was accepted');
}
