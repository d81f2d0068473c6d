// What a proxy under test is asked to do. One scenario starts one server process with one listener.

/** What the listener does. `http` also carries WebSocket upgrades. */
export type TScenario = 'http' | 'https' | 'tcp';

export interface IScenario {
  readonly kind: TScenario;
  readonly listenPort: number;
  /** Port of the C backend on 127.0.0.1: plain HTTP, or a TCP service for `tcp`. */
  readonly backendPort: number;
  /** PEM files of a certificate for {@link BENCH_HOST}; used by `https`. */
  readonly certFile: string;
  readonly keyFile: string;
  /** An empty folder for configs and data. */
  readonly folder: string;
}

/** Routes of ours; the load asks for the host of one in the middle. */
export const ROUTES = 100;
export const routeHost = (index: number): string => `r${index}.bench.test`;
export const BENCH_HOST: string = routeHost(57);
