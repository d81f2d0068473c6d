import { createSocket } from 'node:dgram';
const s = createSocket('udp4');
s.on('message', (m, r) => {
  m[2]! |= 0x80;
  s.send(m, r.port, r.address);
});
s.bind(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => {
  console.log(JSON.stringify({ cpu: process.cpuUsage() }));
  process.exit(0);
});
