// Configurations of Knot and NSD: one UDP worker each, the bench zone with every queried name.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADDRESS, type IDnsScenario, TTL_SECONDS, ZONE, queriedNames } from './scenario.ts';

function zoneFile(scenario: IDnsScenario): string {
  const records = queriedNames(scenario.handlers).map((name) => `${name}. ${TTL_SECONDS} IN A ${ADDRESS}`);
  return `$ORIGIN ${ZONE}.
@ 3600 IN SOA ns1 hostmaster 1 3600 600 604800 300
@ 3600 IN NS ns1
ns1 3600 IN A 127.0.0.1
${records.join('\n')}
`;
}

/** Writes Knot's config and data into the scenario's folder and returns the config's path. */
export function writeKnotConfig(scenario: IDnsScenario): string {
  const { folder, port } = scenario;
  writeFileSync(join(folder, 'zone'), zoneFile(scenario));
  const file = join(folder, 'knot.conf');
  const signing = scenario.dnssec ? '    dnssec-signing: on\n' : '';
  writeFileSync(
    file,
    `server:
    rundir: ${folder}
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: ${folder}
template:
  - id: default
    storage: ${folder}
    semantic-checks: off
${signing}zone:
  - domain: ${ZONE}
    file: zone
`,
  );
  return file;
}

/** Writes NSD's config and data into the scenario's folder and returns the config's path. */
export function writeNsdConfig(scenario: IDnsScenario): string {
  const { folder, port } = scenario;
  writeFileSync(join(folder, 'zone'), zoneFile(scenario));
  const file = join(folder, 'nsd.conf');
  writeFileSync(
    file,
    `server:
  server-count: 1
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  verbosity: 0
remote-control:
  control-enable: no
zone:
  name: ${ZONE}
  zonefile: zone
`,
  );
  return file;
}
