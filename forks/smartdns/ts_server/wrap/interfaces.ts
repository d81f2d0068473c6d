/**
 * What the wrapper needs of a stock server, and what it tells.
 *
 * @module
 */
import type {
  IDnsQueryCompletedEvent,
  IQueryAnsweredEvent,
  IQueryErrorEvent,
  IQueryReceivedEvent,
} from '../interfaces/events.ts';
import type { DnsAnswer, IDnsQuestion } from '../interfaces/query.ts';
import type { TDnsSource } from '../interfaces/stats.ts';

/** A stock server does not tell how a query came. */
export type TWrappedDnsSource = TDnsSource | 'unknown';

/** Upstream's handler: synchronous, one record or none. */
export type TStockHandler = (question: IDnsQuestion) => DnsAnswer | null;

export type IStockQueryEvent = IDnsQueryCompletedEvent;

/** The part of upstream 7.9's `DnsServer` that the wrapper stands on. */
export interface IStockDnsServer {
  registerHandler(domainPattern: string, recordTypes: string[], handler: TStockHandler): void;
  on(event: 'query', listener: (event: IStockQueryEvent) => void): unknown;
  off(event: 'query', listener: (event: IStockQueryEvent) => void): unknown;
}

type TUnsourced<T> = Omit<T, 'source'> & { readonly source: TWrappedDnsSource };
export type IWrappedQueryReceivedEvent = TUnsourced<IQueryReceivedEvent>;
export type IWrappedQueryAnsweredEvent = TUnsourced<IQueryAnsweredEvent>;
export type IWrappedQueryErrorEvent = TUnsourced<IQueryErrorEvent>;

export interface IWrappedDnsEvents {
  'query-received': [IWrappedQueryReceivedEvent];
  'query-answered': [IWrappedQueryAnsweredEvent];
  'query-error': [IWrappedQueryErrorEvent];
  'query': [IStockQueryEvent];
}
