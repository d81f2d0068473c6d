import assert from 'node:assert/strict';
import { request } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { pino } from 'pino';
import { ports } from '../control/node.ts';
import { configSchema } from '../../ts/config/schema/index.ts';
import { DcRouter } from '../../ts/router.ts';

test('streams and refused tokens of the management API show in /metrics as they do in the status', async (t) => {
  const [free] = await ports(1);
  const router = new DcRouter(configSchema.parse({ api: { port: free } }), { logger: pino({ level: 'silent' }) });
  await router.start();
  t.after(() => router.stop());
  const { port } = router.addresses().api;
  const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
  const value = async (name: string): Promise<number> => {
    const page = await (await fetch(at('/metrics'))).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(page)?.[1]);
  };
  assert.equal(await value('dcrouter_api_streams_total'), 0, 'there from the start');
  const wrong = { headers: { authorization: 'Bearer dcr_wrong' } };
  assert.equal((await fetch(at('/api/v1/status'), wrong)).status, 401);
  assert.equal(await value('dcrouter_api_failed_tokens_total'), 1);

  const stream = request(at('/api/v1/events')).end();
  const [response] = await once(stream, 'response');
  assert.equal(response.statusCode, 200);
  assert.deepEqual([await value('dcrouter_api_streams_open'), await value('dcrouter_api_streams_total')], [1, 1]);
  stream.destroy();
  while ((await value('dcrouter_api_streams_open')) > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await value('dcrouter_api_streams_total'), 1);
  for (const name of ['streams_refused', 'stream_messages_dropped', 'rate_limited'])
    assert.equal(await value(`dcrouter_api_${name}_total`), 0);
});
