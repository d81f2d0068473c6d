/**
 * The rules as the DNS server asks them.
 *
 * @module
 */
import type { IDnsPolicy, IDnsVerdict, IPolicyQuery } from '@dcrouter/smartdns/server';
import { Facts } from './facts.ts';
import type { TWitness } from './proxypolicy.ts';
import type { RuleSet } from './ruleset.ts';
import { STAGE } from './stages.ts';

export class DnsRules implements IDnsPolicy {
  readonly #set: RuleSet;
  readonly #witness: TWitness | null;
  readonly #facts = new Facts();

  constructor(set: RuleSet, witness: TWitness | null) {
    this.#set = set;
    this.#witness = witness;
    this.#facts.stage = STAGE.query;
  }

  query(query: IPolicyQuery): IDnsVerdict | null {
    const facts = this.#facts;
    facts.clientIp = query.clientIp;
    facts.clientPort = query.clientPort;
    facts.dnsQname = query.domain;
    facts.dnsQtype = query.type;
    facts.dnsQclass = query.class;
    facts.dnsTransport = query.source;
    facts.dnsDo = query.dnssecOk;
    facts.dnsRd = query.recursionDesired;
    facts.clearTags();
    const outcome = this.#set.judge(facts);
    if (this.#witness !== null) this.#witness(facts, outcome, []);
    return outcome.dns;
  }
}
