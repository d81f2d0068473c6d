import { once } from 'node:events';
import { connect } from 'node:net';
import { activeRoutes, routePorts, targetsOf } from '../../config/route-facts.ts';
import type { TConfig } from '../../config/schema/index.ts';
import type { IUpstream } from '../answers.ts';
import { fetchPages } from '../cli.ts';
import { doctorLimits } from './limits.ts';
import { eachOf, fault, notChecked, ok, warning, type ICheck, type IDoctorContext, type IFinding } from './types.ts';

interface ITarget {
  readonly host: string;
  readonly port: number;
  readonly routes: string[];
}

/** Every target takes connections. */
export const upstreams: ICheck = {
  name: 'upstreams',
  run: async (context) => {
    const { config, status, local } = context;
    if (config === undefined) return [notChecked('without a valid configuration no target is known')];
    const targets = targetsIn(config);
    if (targets.length === 0) return [ok('no route has a target')];
    const looked = targets.slice(0, doctorLimits.itemsMax);
    const states = await statesOf(context);
    if (status !== undefined && !local)
      return states.length > 0 ? states : [notChecked('targets are looked at from the machine of the router')];
    const findings = await eachOf(looked, doctorLimits.probesAtOnce, look);
    if (targets.length > looked.length) findings.push(notChecked(`${targets.length - looked.length} more targets`));
    return [...findings, ...states];
  },
};

function targetsIn(config: TConfig): ITarget[] {
  const found = new Map<string, ITarget>();
  for (const route of activeRoutes(config)) {
    for (const { host, port } of targetsOf(route)) {
      const kept = typeof port === 'number' ? [port] : [...routePorts(route)];
      for (const name of [host].flat()) {
        for (const each of kept) {
          if (typeof name !== 'string') continue;
          const target = found.get(`${name}:${each}`) ?? { host: name, port: each, routes: [] };
          if (!target.routes.includes(route.name)) target.routes.push(route.name);
          found.set(`${name}:${each}`, target);
        }
      }
    }
  }
  return [...found.values()];
}

async function look({ host, port, routes }: ITarget): Promise<IFinding> {
  const name = `${host}:${port} (${routes.join(', ')})`;
  const socket = connect({ host, port, timeout: doctorLimits.probeMs });
  socket.once('timeout', () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
  try {
    await once(socket, 'connect');
    return ok(`${name} takes connections`);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const why =
      code === 'ECONNREFUSED' ? 'nothing listens there' : code === 'ENOTFOUND' ? 'the name has no address' : code;
    return fault(`${name}: ${why}`, `start what serves there, or until then: dcrouter upstreams drain ${host}:${port}`);
  } finally {
    socket.destroy();
  }
}

/** What the router itself thinks of them. */
async function statesOf({ client, status, config }: IDoctorContext): Promise<IFinding[]> {
  if (status === undefined || config?.proxy === undefined) return [];
  const { items } = await fetchPages<IUpstream>(client, '/upstreams', {});
  return items.flatMap(({ target, state, healthy, reason }) => [
    ...(state === 'ready' ? [] : [warning(`${target} is in state ${state}`, `dcrouter upstreams ready ${target}`)]),
    ...(healthy
      ? []
      : [fault(`${target} is not healthy: ${reason ?? 'no reason is known'}`, 'dcrouter upstreams list')]),
  ]);
}
