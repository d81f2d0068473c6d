// Ours in front of the bench's backend, with 100 routes, and with the thousand rules where BENCH_RULES is set.
import { ProxyRules, RuleSet } from '@dcrouter/dcrouter';
import { SmartProxy } from '@dcrouter/smartproxy';
import { ROUTES, routeHost, type IScenario } from '../proxy/scenario.ts';
import { makeRules } from './rules.ts';

const scenario = JSON.parse(process.argv[2] ?? '{}') as IScenario;
const policy = process.env['BENCH_RULES'] === undefined ? undefined : new ProxyRules(new RuleSet(makeRules()), null);
const proxy = new SmartProxy({
  routes: Array.from({ length: ROUTES }, (_, index) => ({
    name: `route-${index}`,
    match: { ports: scenario.listenPort, domains: routeHost(index) },
    action: { type: 'forward' as const, targets: [{ host: '127.0.0.1', port: scenario.backendPort }] },
  })),
  maxConnectionsPerIP: 1_000_000,
  ...(policy !== undefined && { policy }),
});
await proxy.start();
process.on('SIGTERM', () => process.exit(0));
