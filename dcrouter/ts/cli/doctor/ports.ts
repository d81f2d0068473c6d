import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import { activeRoutes, routePorts } from '../../config/route-facts.ts';
import type { TConfig } from '../../config/schema/index.ts';
import { doctorLimits } from './limits.ts';
import { eachOf, fault, notChecked, ok, type ICheck, type IDoctorContext, type IFinding } from './types.ts';

interface IListener {
  readonly what: string;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** Every port is ours already, or can be opened. */
export const ports: ICheck = {
  name: 'ports',
  run: async (context) => {
    const { config } = context;
    if (config === undefined) return [notChecked('without a valid configuration no port is known')];
    const all = listenersOf(config);
    const looked = all.slice(0, doctorLimits.itemsMax);
    const findings = await eachOf(looked, doctorLimits.probesAtOnce, async (listener) => await look(listener, context));
    return all.length > looked.length
      ? [...findings, notChecked(`${all.length - looked.length} more ports`)]
      : findings;
  },
};

function listenersOf(config: TConfig): IListener[] {
  const { api, proxy, dns } = config;
  const proxyAddress = proxy?.address ?? '::';
  const routed = new Set(activeRoutes(config).flatMap((route) => [...routePorts(route)]));
  return [
    { what: 'the API', protocol: 'tcp', address: api.address, port: api.port },
    ...[...routed].map((port): IListener => ({ what: 'routes', protocol: 'tcp', address: proxyAddress, port })),
    ...(dns === undefined ? [] : dnsListeners(dns)),
  ];
}

function dnsListeners(dns: NonNullable<TConfig['dns']>): IListener[] {
  const { address, port, tcp, tls, https } = dns;
  const secure = dns.secureAddress ?? address;
  return [
    { what: 'DNS', protocol: 'udp', address: dns.udpAddress ?? address, port },
    ...(tcp === false
      ? []
      : [{ what: 'DNS', protocol: 'tcp', address: tcp?.address ?? address, port: tcp?.port ?? port } as const]),
    ...(tls === undefined ? [] : [{ what: 'DNS over TLS', protocol: 'tcp', address: secure, port: tls.port } as const]),
    ...(https === undefined
      ? []
      : [{ what: 'DNS over HTTPS', protocol: 'tcp', address: secure, port: https.port } as const]),
  ];
}

async function look(listener: IListener, { status, local }: IDoctorContext): Promise<IFinding> {
  const { what, protocol, address, port } = listener;
  const name = `${protocol} ${isIPv6(address) ? `[${address}]` : address}:${port} (${what})`;
  if (status !== undefined && !local) return notChecked(`${name}: the router runs on another machine`);
  const code = await tryOpen(listener);
  if (code === undefined) return ok(`${name} is free`);
  if (code === 'EADDRINUSE') {
    if (status !== undefined && holds(status.addresses, port)) return ok(`${name} is held by the running router`);
    return fault(
      `${name} is in use by another program`,
      `find it: ss -Hlnp${protocol === 'tcp' ? 't' : 'u'} 'sport = :${port}'; stop it, or choose another port`,
    );
  }
  if (code === 'EACCES') {
    return fault(
      `${name}: this user may not listen below port 1024`,
      'with systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; or: ' +
        `sudo setcap cap_net_bind_service=+ep ${process.execPath}; or choose a port above 1023`,
    );
  }
  if (code === 'EADDRNOTAVAIL')
    return fault(`${name}: the address does not belong to this machine`, 'see: ip address; correct the address');
  return fault(`${name} cannot be opened: ${code}`);
}

function holds(
  { api, proxyPorts = [], dns }: NonNullable<IDoctorContext['status']>['addresses'],
  port: number,
): boolean {
  return api?.port === port || proxyPorts.includes(port) || dns?.udpPort === port || dns?.tcpPort === port;
}

/** The system's error code, or undefined when it could be opened; it is closed again. */
async function tryOpen({ protocol, address, port }: IListener): Promise<string | undefined> {
  try {
    if (protocol === 'tcp') {
      const server = createServer().listen({ port, host: address, exclusive: true });
      await once(server, 'listening');
      server.close();
    } else {
      const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
      socket.bind({ port, address, exclusive: true });
      await once(socket, 'listening');
      socket.close();
    }
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
