import { tap, expect } from '@git.zone/tstest/tapbundle';
import dns from 'dns';
import { syncBuiltinESMExports } from 'module';
import { makeNodeProcessUseDnsProvider } from '../ts_client/index.js';

let servers;
dns.setServers = (addresses) => {
  servers = addresses;
};
syncBuiltinESMExports();

tap.test('the google provider names no address of another operator', async () => {
  makeNodeProcessUseDnsProvider('google');
  expect(servers).toEqual(['8.8.8.8', '8.8.4.4', '[2001:4860:4860::8888]', '[2001:4860:4860::8844]']);
});

export default tap.start();
