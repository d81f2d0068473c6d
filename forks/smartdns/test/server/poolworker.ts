/**
 * One worker of the pool under test.
 *
 * @module
 */
import { threadId } from 'node:worker_threads';
import { DnsServer, serveInWorker, type IQueryLimitOptions } from '#server';

await serveInWorker((shared, data) => {
  const { keyFolder, queryLimit } = data as { keyFolder: string; queryLimit?: IQueryLimitOptions };
  const server = new DnsServer({
    bindInterface: '127.0.0.1',
    dnssecZone: 'example.test',
    dnssec: { keyFolder },
    queryLimit,
    ...shared,
  });
  server.registerHandler('who.example.test', ['TXT'], (question) => ({
    name: question.name,
    type: 'TXT',
    class: 'IN',
    ttl: 0,
    data: String(threadId),
  }));
  server.registerHandler('die.example.test', ['A'], () => {
    // Not an exception, which the server would answer: the end of the thread.
    setImmediate(() => {
      throw new Error('ended on purpose');
    });
    return null;
  });
  return server;
});
