/**
 * The handlers that both servers get, and the questions both are asked.
 *
 * @module
 */

/** Mulberry32: seeded, so that a failure can be run again. */
export function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface IAnswer {
  name: string;
  type: string;
  class: string;
  ttl: number;
  data: unknown;
}

interface IServer {
  registerHandler(
    pattern: string,
    types: string[],
    handler: (question: { name: string; type: string }) => IAnswer | null,
  ): void;
}

export const zone = 'example.test';

const answer =
  (type: string, data: unknown, ttl = 300) =>
  (question: { name: string }): IAnswer => {
    return { name: question.name, type, class: 'IN', ttl, data };
  };

/** Registers the same handlers at either server. */
export function registerAll(server: IServer): void {
  const add = server.registerHandler.bind(server);
  add('www.example.test', ['A'], answer('A', '192.0.2.1'));
  add('www.example.test', ['AAAA'], answer('AAAA', '2001:db8::1'));
  add('www.example.test', ['TXT'], answer('TXT', ['one', 'two']));
  add('two.example.test', ['A'], answer('A', '192.0.2.10'));
  add('two.example.test', ['A'], answer('A', '192.0.2.11'));
  add('example.test', ['NS'], answer('NS', 'ns1.example.test'));
  add('example.test', ['NS'], answer('NS', 'ns2.example.test'));
  add('example.test', ['MX'], answer('MX', { preference: 10, exchange: 'mail.example.test' }));
  add('example.test', ['MX'], answer('MX', { preference: 20, exchange: 'mail2.example.test' }));
  add('example.test', ['SOA'], (question) => ({
    ...answer('SOA', {
      mname: 'ns1.example.test',
      rname: 'hostmaster.example.test',
      serial: 7,
      refresh: 3_600,
      retry: 600,
      expire: 604_800,
      minimum: 300,
    })(question),
    name: 'example.test',
  }));
  add(
    '_sip._tcp.example.test',
    ['SRV'],
    answer('SRV', { priority: 1, weight: 2, port: 5_060, target: 'www.example.test' }),
  );
  add('1.2.0.192.in-addr.arpa', ['PTR'], answer('PTR', 'www.example.test'));
  add('alias.example.test', ['CNAME'], answer('CNAME', 'www.example.test'));
  add('zero.example.test', ['A'], answer('A', '192.0.2.20', 0));
  add('long.example.test', ['TXT'], answer('TXT', 'x'.repeat(400)));
  add('null.example.test', ['A'], () => null);
  add('throws.example.test', ['A'], () => {
    throw new Error('broken on purpose');
  });
  add('*.wild.example.test', ['A', 'TXT'], (question) =>
    question.type === 'A' ? answer('A', '192.0.2.30')(question) : answer('TXT', 'wild')(question),
  );
  add('{a,b}.brace.example.test', ['A'], answer('A', '192.0.2.40'));
  add('h[0-3].class.example.test', ['A'], answer('A', '192.0.2.50'));
  add('web-?.example.test', ['A'], answer('A', '192.0.2.60'));
  for (let index = 0; index < 40; index++) {
    add('big.example.test', ['A'], answer('A', `192.0.2.${100 + index}`));
  }
}

const names = [
  'www.example.test',
  'two.example.test',
  'example.test',
  '_sip._tcp.example.test',
  '1.2.0.192.in-addr.arpa',
  'alias.example.test',
  'zero.example.test',
  'long.example.test',
  'null.example.test',
  'throws.example.test',
  'x.wild.example.test',
  'x.y.wild.example.test',
  'wild.example.test',
  'a.brace.example.test',
  'c.brace.example.test',
  'h2.class.example.test',
  'h7.class.example.test',
  'web-1.example.test',
  'web-12.example.test',
  'big.example.test',
  'nope.example.test',
  'deep.nope.example.test',
  'example.org',
  'localhost',
  'sub.localhost',
  '1.0.0.127.in-addr.arpa',
];
const types: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNSKEY: 48,
  ANY: 255,
  CAA: 257,
};

/** Questions that a handler answers. */
const answered: ReadonlyArray<[name: string, type: string]> = [
  ['www.example.test', 'A'],
  ['www.example.test', 'AAAA'],
  ['www.example.test', 'TXT'],
  ['two.example.test', 'A'],
  ['example.test', 'NS'],
  ['example.test', 'MX'],
  ['example.test', 'SOA'],
  ['_sip._tcp.example.test', 'SRV'],
  ['1.2.0.192.in-addr.arpa', 'PTR'],
  ['alias.example.test', 'CNAME'],
  ['x.wild.example.test', 'A'],
  ['x.y.wild.example.test', 'TXT'],
  ['a.brace.example.test', 'A'],
  ['h2.class.example.test', 'A'],
  ['web-1.example.test', 'A'],
  ['localhost', 'A'],
  ['localhost', 'AAAA'],
  ['1.0.0.127.in-addr.arpa', 'PTR'],
];

export interface IQuestion {
  readonly name: string;
  readonly type: string;
  readonly class: number;
  readonly opcode: number;
  readonly questions: number;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  readonly edns: number | undefined;
  readonly ednsVersion: number;
  readonly dnssecOk: boolean;
}

/** Every name with every type once, then variations of letter case, flags, EDNS, class, opcode and question count. */
export function makeQuestions(random: () => number, extra: number): IQuestion[] {
  const plain = { class: 1, opcode: 0, questions: 1, recursionDesired: true, checkingDisabled: false };
  const noEdns = { edns: undefined, ednsVersion: 0, dnssecOk: false };
  const questions: IQuestion[] = names.flatMap((name) =>
    Object.keys(types).map((type) => ({ name, type, ...plain, ...noEdns })),
  );
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  for (let index = 0; index < extra; index++) {
    const [name, type] = random() < 0.6 ? pick(answered) : [pick(names), pick(Object.keys(types))];
    const withEdns = random() < 0.5;
    questions.push({
      name: random() < 0.15 ? mixCase(name, random) : name,
      type,
      class: random() < 0.06 ? pick([3, 4, 254, 255]) : 1,
      opcode: random() < 0.04 ? pick([1, 2, 4, 5]) : 0,
      questions: random() < 0.04 ? pick([0, 2]) : 1,
      recursionDesired: random() < 0.5,
      checkingDisabled: random() < 0.2,
      edns: withEdns ? pick([512, 1_232, 4_096]) : undefined,
      ednsVersion: withEdns && random() < 0.1 ? 1 : 0,
      dnssecOk: withEdns && random() < 0.4,
    });
  }
  return questions;
}

function mixCase(name: string, random: () => number): string {
  return name.replaceAll(/[a-z]/g, (char) => (random() < 0.5 ? char.toUpperCase() : char));
}

/** The query on the wire, built without the codec under test. */
export function encodeQuestion(question: IQuestion, id: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header[2] = (question.opcode << 3) | (question.recursionDesired ? 1 : 0);
  header[3] = question.checkingDisabled ? 0x10 : 0;
  header.writeUInt16BE(question.questions, 4);
  header.writeUInt16BE(question.edns === undefined ? 0 : 1, 10);
  const labels = question.name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(types[question.type]!, 1);
  tail.writeUInt16BE(question.class, 3);
  const asked = Buffer.concat([...labels, tail]);
  const parts = [header, ...Array.from({ length: question.questions }, () => asked)];
  if (question.edns !== undefined) {
    const opt = Buffer.alloc(11);
    opt.writeUInt16BE(41, 1);
    opt.writeUInt16BE(question.edns, 3);
    opt[6] = question.ednsVersion;
    opt[7] = question.dnssecOk ? 0x80 : 0;
    parts.push(opt);
  }
  return Buffer.concat(parts);
}
