import { tap, expect } from '@git.zone/tstest/tapbundle';
import dns from 'dns';
import { syncBuiltinESMExports } from 'module';
import { Smartdns } from '../ts_client/index.js';

const answers = { A: ['192.0.2.1', '192.0.2.2'], TXT: [['one ', 'value'], ['other']] };
dns.resolve = ((_name, type, done) => done(null, answers[type])) as never;
syncBuiltinESMExports();

tap.test('values are whole strings', async () => {
  const client = new Smartdns({});
  const values = async (type) => (await client.getRecordWithNodeDNS('a.example.com', type)).map(({ value }) => value);
  expect(await values('A')).toEqual(['192.0.2.1', '192.0.2.2']);
  expect(await values('TXT')).toEqual(['one value', 'other']);
});

export default tap.start();
