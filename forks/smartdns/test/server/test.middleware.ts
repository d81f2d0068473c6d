import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askRawUdp, askUdp, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';
import type { DnsServer } from '#server';

const withHandler = (server: DnsServer): void => {
  server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
};

test('a callback given to next sees the answer on its way out, as in the founding shape', async (context) => {
  const seen: string[] = [];
  const { port } = await startServer(context, {}, (server) => {
    withHandler(server);
    server.use((query, next) => {
      seen.push(`in ${query.type} ${query.domain} ${query.source} ${query.clientIp}`);
      next((response) => {
        seen.push(`out ${response.rcode} ${response.answers.length}`);
      });
    });
  });
  for (let turn = 0; turn < 4; turn++) {
    await askUdp(port, { name: 'WWW.example.test' });
  }
  assert.equal(seen.length, 8);
  assert.deepEqual(seen.slice(-2), ['in A www.example.test udp 127.0.0.1', 'out NOERROR 1']);
});

test('middlewares nest: the first one added is the outermost', async (context) => {
  const order: string[] = [];
  const { port } = await startServer(context, {}, (server) => {
    withHandler(server);
    server.use((_query, next) => {
      order.push('a in');
      next(() => {
        order.push('a out');
      });
    });
    server.use(async (_query, next) => {
      order.push('b in');
      await next();
      order.push('b out');
    });
    server.use((_query, next) => {
      order.push('c in');
      next(async () => {
        await Promise.resolve();
        order.push('c out');
      });
    });
  });
  await askUdp(port, { name: 'www.example.test' });
  assert.deepEqual(order, ['a in', 'b in', 'c in', 'c out', 'b out', 'a out']);
});

test('changes to the answer are sent, and do not leak into later answers', async (context) => {
  let change = true;
  const { port } = await startServer(context, {}, (server) => {
    withHandler(server);
    server.use(async (_query, next) => {
      const response = await next();
      if (change) {
        response.answers[0]!.ttl = 7;
        response.answers.push({ ...response.answers[0]!, data: '192.0.2.99' } as (typeof response.answers)[0]);
      }
    });
  });
  for (let turn = 0; turn < 4; turn++) {
    const answer = await askUdp(port, { name: 'www.example.test' });
    assert.deepEqual(
      answer.answers.map(({ ttl, data }) => [ttl, data]),
      [
        [7, '192.0.2.1'],
        [7, '192.0.2.99'],
      ],
    );
  }
  change = false;
  for (let turn = 0; turn < 3; turn++) {
    const answer = await askUdp(port, { name: 'www.example.test' });
    assert.deepEqual(
      answer.answers.map(({ ttl, data }) => [ttl, data]),
      [[60, '192.0.2.1']],
    );
  }
});

test('a middleware can answer by itself, or drop', async (context) => {
  const { server, port } = await startServer(context, {}, (dns) => {
    withHandler(dns);
    dns.use((query, next) => {
      if (query.domain === 'blocked.example.test') {
        return { rcode: 'REFUSED' };
      }
      if (query.domain === 'silent.example.test') {
        query.drop();
        return undefined;
      }
      next(() => {});
      return undefined;
    });
  });
  assert.equal((await askUdp(port, { name: 'blocked.example.test' })).rcode, 5);
  assert.equal(await askRawUdp(port, makeQuery({ name: 'silent.example.test' }), 150), undefined);
  assert.equal((await askUdp(port, { name: 'www.example.test' })).answers.length, 1);
  assert.equal(server.stats.snapshot().dropsByReason['middleware'], 1);
});

test('a middleware that throws, rejects or never goes on ends in SERVFAIL', async (context) => {
  const { server, port } = await startServer(context, { handlerTimeoutMs: 120 }, (dns) => {
    withHandler(dns);
    dns.use((query, next) => {
      switch (query.domain) {
        case 'throws.example.test':
          throw new Error('broken on purpose');
        case 'twice.example.test':
          next(() => {});
          next(() => {});
          return undefined;
        case 'forgets.example.test':
          return undefined;
        case 'rejects.example.test':
          return Promise.reject(new Error('later'));
        case 'ends.example.test':
          return Promise.resolve();
        default:
          next(() => {
            throw new Error('on the way out');
          });
          return undefined;
      }
    });
  });
  for (const label of ['throws', 'forgets', 'rejects', 'ends', 'www']) {
    assert.equal((await askUdp(port, { name: `${label}.example.test` })).rcode, 2, label);
  }
  // Answered before the second call, which can only fail.
  assert.equal((await askUdp(port, { name: 'twice.example.test' })).rcode, 3);
  const errors = server.stats.getErrors();
  assert.deepEqual([errors['middleware-error'], errors['timeout']], [4, 1]);
});
