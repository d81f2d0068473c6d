import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { DnsServer } from '@dcrouter/smartdns/server';
import { decodeMessage, type IDnsMessage } from '@dcrouter/smartdns/wire';
import type * as upstream from '@push.rocks/smartdns/server';
import { prepareUpstream, UpstreamUnavailable } from '../../bench/dns/peer-upstream.ts';
import { differences, essence, type IPair } from './differences.ts';
import { encodeQuestion, makeQuestions, randomFrom, registerAll, zone } from './scenario.ts';

const seed = Number(process.env['SEED'] ?? 20_261_121);
const extraQuestions = 600;
const answerWaitMs = 12_000;

function findUpstream(): { folder: string } | { missing: string } {
  try {
    return prepareUpstream();
  } catch (error) {
    if (error instanceof UpstreamUnavailable) {
      return { missing: `upstream 7.9.0 cannot run here: ${error.message}` };
    }
    throw error;
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

async function ask(socket: Socket, port: number, packet: Buffer): Promise<{ message: IDnsMessage; bytes: number }> {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(answerWaitMs) });
  socket.send(packet, port, '127.0.0.1');
  const [reply] = (await answer) as [Buffer];
  const decoded = decodeMessage(reply);
  assert.ok(decoded.ok, 'an answer could not be read');
  return { message: decoded.message, bytes: reply.length };
}

const found = findUpstream();

test(
  `upstream and we give the same answers, but for the listed differences (SEED=${seed})`,
  {
    skip: 'missing' in found && found.missing,
  },
  async (context) => {
    assert.ok('folder' in found);
    const entry = pathToFileURL(join(found.folder, 'dist_ts_server', 'index.js')).href;
    const { DnsServer: UpstreamServer } = (await import(entry)) as typeof upstream;
    context.mock.method(console, 'log', () => {});
    context.mock.method(console, 'error', () => {});
    const theirPort = await freeUdpPort();
    const theirs = new UpstreamServer({
      udpPort: theirPort,
      udpBindInterface: '127.0.0.1',
      httpsPort: 0,
      httpsKey: '',
      httpsCert: '',
      dnssecZone: zone,
    });
    const ours = new DnsServer({ udpPort: 0, udpBindInterface: '127.0.0.1', dnssecZone: zone });
    registerAll(theirs);
    registerAll(ours);
    await theirs.start();
    await ours.start();
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    context.after(async () => {
      socket.close();
      await ours.stop();
      await theirs.stop();
    });
    const counts = new Map<string, number>();
    const questions = makeQuestions(randomFrom(seed), extraQuestions);
    assert.ok(questions.length >= 500);
    for (const [index, question] of questions.entries()) {
      const packet = encodeQuestion(question, index);
      const mine = await ask(socket, ours.addresses.udp!.port, packet);
      const other = await ask(socket, theirPort, packet);
      const pair: IPair = {
        question,
        ours: mine.message,
        theirs: other.message,
        ourBytes: mine.bytes,
        theirBytes: other.bytes,
      };
      const outcome = explain(pair);
      assert.ok(
        outcome !== undefined,
        `${JSON.stringify(question)}\nours ${JSON.stringify(mine.message)}\nupstream ${JSON.stringify(other.message)}`,
      );
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    context.diagnostic(`${questions.length} questions`);
    for (const [outcome, count] of counts) {
      context.diagnostic(`${count}: ${outcome}`);
    }
    // A list that explains what does not happen would hide what does.
    assert.deepEqual(
      differences.filter(({ name, rule }) => !counts.has(`${name} (${rule})`)).map(({ name }) => name),
      [],
    );
    assert.ok((counts.get('equal') ?? 0) >= 200);
  },
);

/** `equal`, or the listed difference with its rule; undefined for one that is not listed. */
function explain(pair: IPair): string | undefined {
  const { ours, question } = pair;
  // On every answer of ours, whatever it says (RFC 1035 §4.1.1, RFC 4035 §3.2.2, RFC 6891 §6.1.1).
  assert.equal(ours.ra, false);
  assert.equal(ours.rd, question.recursionDesired);
  assert.equal(ours.cd, question.checkingDisabled);
  if (question.edns !== undefined && question.opcode === 0 && question.questions === 1) {
    assert.equal(ours.edns?.version, 0);
  }
  if (JSON.stringify(essence(pair.ours)) === JSON.stringify(essence(pair.theirs)) && question.opcode === 0) {
    return 'equal';
  }
  const difference = differences.find((candidate) => candidate.applies(pair));
  return difference === undefined ? undefined : `${difference.name} (${difference.rule})`;
}
