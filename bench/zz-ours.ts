import { DnsServer } from '@dcrouter/smartdns/server';
const n = Number(process.argv[3] ?? 1);
const s = new DnsServer({ udpPort: Number(process.argv[2]), bindInterface: '127.0.0.1', dnssecZone: 'example.test' });
s.registerHandler('www.example.test', ['A'], (q) => ({ name: q.name, type: 'A', class: 'IN', ttl: 60, data: '192.0.2.1' }));
for (let i = 0; i < n - 1; i++) s.registerHandler(`*.h${i}.example.test`, ['A'], (q) => ({ name: q.name, type: 'A', class: 'IN', ttl: 60, data: '192.0.2.1' }));
if (process.argv[4] === 'mw') s.use((q, next) => { next(() => {}); });
await s.start();
process.on('SIGTERM', () => { console.log(JSON.stringify({cpu: process.cpuUsage(), total: s.stats.getTotals()})); process.exit(0); });
