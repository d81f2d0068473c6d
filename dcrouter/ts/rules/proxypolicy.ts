/**
 * The rules as the proxy asks them.
 *
 * @module
 */
import type { IPolicyConnection, IPolicyRequest, IPolicyVerdict, IProxyPolicy } from '@dcrouter/smartproxy';
import { Facts } from './facts.ts';
import type { IOutcome } from './outcome.ts';
import type { RuleSet } from './ruleset.ts';
import { STAGE } from './stages.ts';

/** Told about every decision while recording is on. */
export type TWitness = (
  facts: Facts,
  outcome: IOutcome,
  tags: readonly string[],
  headers?: Record<string, string>,
) => void;

/** What a connection's own rules leave for its requests: the tags that they set, by name, as the rules may change. */
type TConnectionTags = readonly string[];

export class ProxyRules implements IProxyPolicy {
  readonly #set: RuleSet;
  readonly #witness: TWitness | null;
  readonly #connectionFacts = new Facts();
  readonly #requestFacts = new Facts();

  constructor(set: RuleSet, witness: TWitness | null) {
    this.#set = set;
    this.#witness = witness;
    this.#requestFacts.stage = STAGE.request;
  }

  connection(connection: IPolicyConnection, protocol: 'tcp' | 'tls' | 'http'): IPolicyVerdict | null {
    const facts = this.#connectionFacts;
    setConnection(facts, connection, protocol);
    facts.clearTags();
    const outcome = this.#set.judge(facts);
    if (facts.hasTags) connection.policyState = this.#set.tagsOf(facts);
    if (this.#witness !== null) this.#witness(facts, outcome, this.#set.tagsOf(facts));
    return outcome.proxy;
  }

  request(request: IPolicyRequest): IPolicyVerdict | null {
    const facts = this.#requestFacts;
    const { connection } = request;
    setConnection(facts, connection, connection.isTls ? 'https' : 'http');
    facts.httpMethod = request.method;
    facts.httpScheme = connection.isTls ? 'https' : 'http';
    facts.httpHost = request.host === '' ? undefined : request.host;
    facts.httpPath = request.path;
    facts.httpQuery = request.query;
    facts.httpVersion = request.minorVersion === 0 ? '1.0' : '1.1';
    facts.routeName = request.routeName === '' ? undefined : request.routeName;
    facts.message = request;
    facts.clearTags();
    if (connection.policyState !== undefined) this.#takeTags(facts, connection.policyState as TConnectionTags);
    const before = this.#witness === null ? [] : this.#set.tagsOf(facts);
    const outcome = this.#set.judge(facts);
    if (this.#witness !== null) this.#witness(facts, outcome, before, request.headers());
    return outcome.proxy;
  }

  #takeTags(facts: Facts, names: TConnectionTags): void {
    for (const name of names) {
      const index = this.#set.tags.get(name);
      if (index !== undefined) facts.setTag(index);
    }
  }
}

function setConnection(facts: Facts, connection: IPolicyConnection, protocol: string): void {
  facts.clientIp = connection.clientIp;
  facts.clientPort = connection.clientPort;
  facts.connPort = connection.localPort;
  facts.connProtocol = protocol;
  facts.tlsSni = protocol === 'tls' || connection.isTls ? connection.domain : undefined;
  facts.tlsVersion = connection.tlsVersion;
}
