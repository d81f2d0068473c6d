import type { TConfig, TZoneConfig } from '../../config/schema/index.ts';
import { suspicions } from '../../config/suspicions.ts';
import { zoneFrom } from '../../dns/zones.ts';
import { query } from './dns-query.ts';
import { doctorLimits } from './limits.ts';
import { eachOf, fault, notChecked, ok, warning, type ICheck, type IDoctorContext, type IFinding } from './types.ts';

type TDns = NonNullable<TConfig['dns']>;

/** Our server answers for every zone, over UDP and TCP alike; its name servers can be found; its parent knows them. */
export const dns: ICheck = {
  name: 'dns',
  run: async (context) => {
    const { config } = context;
    if (config?.dns === undefined) return [ok('no DNS server is configured')];
    const { dns: section } = config;
    const zones = Object.entries(section.zones).slice(0, doctorLimits.itemsMax);
    const perZone = await eachOf(zones, doctorLimits.probesAtOnce, async ([name, zone]) => [
      ...(await answers(name, section, context)),
      ...(await delegation(name, zone, context)),
    ]);
    const doubts = suspicions(config)
      .filter((text) => !text.includes('its certificate'))
      .map((text) => warning(text, 'dcrouter records add ZONE OWNER A ADDRESS, or in the document'));
    return [...perZone.flat(), ...doubts];
  },
};

async function answers(zone: string, section: TDns, { status, local, client }: IDoctorContext): Promise<IFinding[]> {
  if (status === undefined) return [notChecked(`zone ${zone}: no router answers`)];
  const replies = await Promise.all(
    transportsOf(section).map(async ({ protocol, address, port }) => {
      const question = { protocol, address: local ? address : client.url.hostname, port, name: zone, type: 'SOA' };
      return { ...question, ...(await query(question)) };
    }),
  );
  const findings = replies
    .filter(({ rcode, data }) => rcode !== 'NOERROR' || data.length === 0)
    .map(({ protocol, rcode, address, port }) =>
      fault(
        `zone ${zone}: our server does not answer over ${protocol}: ${rcode === 'NOERROR' ? 'no SOA' : rcode}`,
        `try: dig @${address} -p ${port}${protocol === 'tcp' ? ' +tcp' : ''} ${zone} SOA; see: dcrouter logs --level warn`,
      ),
    );
  if (findings.length > 0) return findings;
  const serials = new Set(replies.map(({ data }) => (data[0] as { readonly serial?: number }).serial));
  if (serials.size > 1) return [fault(`zone ${zone}: serials differ: ${[...serials].join(', ')}`, 'dcrouter restart')];
  return [
    ok(
      `zone ${zone}: answered over ${replies.map(({ protocol }) => protocol).join(' and ')}, serial ${[...serials].join()}`,
    ),
  ];
}

function transportsOf(section: TDns): Array<{ protocol: 'udp' | 'tcp'; address: string; port: number }> {
  const { address, port, udpAddress, tcp } = section;
  return [
    { protocol: 'udp', address: udpAddress ?? address, port },
    ...(tcp === false ? [] : [{ protocol: 'tcp' as const, address: tcp?.address ?? address, port: tcp?.port ?? port }]),
  ];
}

/** What others must know: the addresses of the name servers, and that they are ours. */
async function delegation(name: string, config: TZoneConfig, context: IDoctorContext): Promise<IFinding[]> {
  const resolver = resolverOf(context);
  const zone = zoneFrom(name, config);
  const own = zone
    .records()
    .filter((record) => record.type === 'NS' && plain(record.name) === plain(name))
    .map((record) => plain(String(record.data)));
  const findings: IFinding[] =
    own.length === 1 ? [warning(`zone ${name}: one name server only`, 'add a second one to nameservers')] : [];
  if (resolver === undefined) {
    const how = 'name a resolver: dcrouter doctor --resolver ADDRESS';
    return [...findings, notChecked(`zone ${name}: whether its parent delegates it`, how)];
  }
  const parent = await query({ ...resolver, protocol: 'udp', name, type: 'NS', recursion: true });
  const told = parent.data.map((data) => plain(String(data)));
  const remedy = `give the registrar of ${name} these name servers: ${own.join(', ')}`;
  if (parent.rcode !== 'NOERROR' && parent.rcode !== 'NXDOMAIN')
    return [...findings, notChecked(`zone ${name}: the resolver does not answer: ${parent.rcode}`)];
  if (told.length === 0) return [...findings, fault(`zone ${name}: nobody delegates it (${parent.rcode})`, remedy)];
  const differs = told.filter((each) => !own.includes(each)).concat(own.filter((each) => !told.includes(each)));
  if (differs.length > 0)
    return [
      ...findings,
      fault(`zone ${name}: the world is told ${told.join(', ')}; ours are ${own.join(', ')}`, remedy),
    ];
  for (const server of own) findings.push(await reachable(name, server, resolver));
  return findings;
}

async function reachable(zone: string, server: string, resolver: { address: string; port: number }): Promise<IFinding> {
  for (const type of ['A', 'AAAA']) {
    const { data } = await query({ ...resolver, protocol: 'udp', name: server, type, recursion: true });
    if (data.length > 0) return ok(`zone ${zone}: name server ${server} is ${String(data[0])}`);
  }
  return fault(`zone ${zone}: its name server ${server} has no address`, `add an A or AAAA record for ${server}`);
}

function resolverOf({ resolver }: IDoctorContext): { address: string; port: number } | undefined {
  const [, bracketed, plainAddress, port = '53'] =
    /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(resolver ?? '') ?? [];
  const address = bracketed ?? plainAddress ?? resolver;
  return address === undefined ? undefined : { address, port: Number(port) };
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
