/**
 * The machine's own resolution: hosts file and operating system for addresses, the configured name servers for the
 * rest.
 *
 * Addresses come from `getaddrinfo()` and so honour everything that the system is set up with (nsswitch, mDNS, search
 * domains). It tells no TTL, so those answers are not cached. As soon as name servers are chosen for the process or
 * for this resolver, the hosts file is read by us and the rest is asked there.
 *
 * @module
 */
import dns from 'node:dns';
import { normalizeName } from '#wire';
import type { IDnsMessage, IResourceRecord } from '#wire';
import { DnsError, asDnsError } from '../errors/errors.ts';
import type { IResolverOptions } from '../interfaces/options.ts';
import type { IQuestion, IReply, ITransport } from '../transports/transport.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { HostsFile } from './hosts.ts';
import { nodeServers, providerChoice } from './provider.ts';

const rcodeNoError = 0;
const rcodeNxDomain = 3;
/** What the system knows without a TTL must not be cached by us. */
const unknownTtl = 0;

/** The system's resolver as one more way of asking. */
export class SystemTransport implements ITransport {
  readonly source = 'system';
  readonly #hosts: HostsFile;
  readonly #servers: readonly string[] | undefined;
  readonly #createServer: (server: string) => Upstream;
  readonly #upstreams = new Map<string, Upstream>();
  readonly #rejects = new Set<(reason: DnsError) => void>();
  #closed = false;

  constructor(options: IResolverOptions, createServer: (server: string) => Upstream) {
    this.#hosts = new HostsFile(options.system?.hostsFile);
    this.#servers = options.system?.servers;
    this.#createServer = createServer;
  }

  async exchange(question: IQuestion, _edns: boolean, timeoutMs: number): Promise<IReply> {
    if (this.#closed) throw new DnsError('EDESTROYED', detail(question));
    const isAddress = question.type === 'A' || question.type === 'AAAA';
    const chosen = this.#servers ?? providerChoice();
    if (isAddress && chosen === undefined) return this.#limited(askOperatingSystem(question), question, timeoutMs);
    const startMs = performance.now();
    const local = await this.#askHosts(question);
    if (local !== undefined) return local;
    return this.#askServers(question, chosen ?? nodeServers(), timeoutMs - (performance.now() - startMs));
  }

  close(): void {
    this.#closed = true;
    for (const reject of this.#rejects) reject(new DnsError('EDESTROYED'));
    for (const upstream of this.#upstreams.values()) upstream.close();
    this.#upstreams.clear();
  }

  async #askHosts(question: IQuestion): Promise<IReply | undefined> {
    const name = normalizeName(question.name);
    if (question.type === 'PTR') {
      const names = await this.#hosts.names(name);
      return names.length === 0 ? undefined : replyOf(question, rcodeNoError, names);
    }
    if (question.type !== 'A' && question.type !== 'AAAA') return undefined;
    const addresses = await this.#hosts.addresses(name, question.type === 'A' ? 4 : 6);
    if (addresses.length > 0) return replyOf(question, rcodeNoError, addresses);
    // As with libc: a name that the file gives another family for is still asked for.
    return undefined;
  }

  /** Asks the servers in turn, as resolv.conf(5) has it; the last failure decides. */
  async #askServers(question: IQuestion, servers: readonly string[], timeoutMs: number): Promise<IReply> {
    if (servers.length === 0) throw new DnsError('ENOUPSTREAM', { ...detail(question), upstream: 'system' });
    const startMs = performance.now();
    let failure: unknown;
    for (const [index, server] of servers.entries()) {
      const left = timeoutMs - (performance.now() - startMs);
      if (left <= 0) break;
      try {
        const share = left / (servers.length - index);
        const reply = await this.#upstream(server).ask(question, Math.max(1, share));
        const { rcode } = reply.message;
        const last = index === servers.length - 1;
        if (last || rcode === rcodeNoError || rcode === rcodeNxDomain) return { ...reply, source: 'system' };
      } catch (error) {
        failure = error;
      }
    }
    throw failure ?? new DnsError('ETIMEOUT', { ...detail(question), upstream: 'system' });
  }

  #upstream(server: string): Upstream {
    if (this.#closed) throw new DnsError('EDESTROYED');
    let upstream = this.#upstreams.get(server);
    if (upstream === undefined) {
      upstream = this.#createServer(server);
      this.#upstreams.set(server, upstream);
    }
    return upstream;
  }

  /** getaddrinfo() has no time-out and cannot be called off: we stop waiting for it. */
  #limited(work: Promise<IReply>, question: IQuestion, timeoutMs: number): Promise<IReply> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#rejects.delete(fail);
      };
      const fail = (error: Error): void => {
        settle();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new DnsError('ETIMEOUT', { ...detail(question), upstream: 'system' })),
        Math.max(1, timeoutMs),
      );
      this.#rejects.add(fail);
      work.then((reply) => {
        settle();
        resolve(reply);
      }, fail);
    });
  }
}

function detail(question: IQuestion): { hostname: string; type: string } {
  return { hostname: question.name, type: question.type };
}

/** Asks for both families at once: only so can "no address of this family" be told from "no such name". */
async function askOperatingSystem(question: IQuestion): Promise<IReply> {
  const family = question.type === 'A' ? 4 : 6;
  try {
    const found = await dns.promises.lookup(question.name, { all: true, family: 0, order: 'verbatim' });
    const addresses = found.filter((entry) => entry.family === family).map((entry) => entry.address);
    return replyOf(question, rcodeNoError, [...new Set(addresses)]);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return replyOf(question, rcodeNxDomain, []);
    throw asDnsError(error, code === 'EAI_AGAIN' ? 'ETIMEOUT' : 'ESERVFAIL', {
      ...detail(question),
      upstream: 'system',
    });
  }
}

function replyOf(question: IQuestion, rcode: number, values: readonly string[]): IReply {
  const { name, type } = question;
  const answers: IResourceRecord[] = values.map((data) => ({ name, type, class: 'IN', ttl: unknownTtl, data }));
  const message: IDnsMessage = {
    id: 0,
    qr: true,
    opcode: 0,
    aa: false,
    tc: false,
    rd: true,
    ra: true,
    ad: false,
    cd: false,
    rcode,
    questions: [{ name, type, class: 'IN' }],
    answers,
    authorities: [],
    additionals: [],
  };
  return { message, bytes: 0, source: 'system', ageSeconds: 0 };
}
