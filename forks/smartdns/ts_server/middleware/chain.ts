/**
 * Runs the middlewares around the answering of a query.
 *
 * @module
 */
import type { IDnsHandlerResponse, IDnsNext, IDnsResponse, TDnsMiddleware } from '../interfaces/query.ts';
import { middlewaresMax } from '../limits/index.ts';
import { isPromise } from '../pipeline/after.ts';

/** What a chain needs of the query it carries. */
export interface IChainQuery<R extends IDnsResponse> {
  /** Set by `drop()` and by the deadline: the chain stops here. */
  readonly settled: boolean;
  /** Makes an answer from what a middleware returned. */
  toResponse(response: IDnsHandlerResponse): R;
}

/** The end of the chain: answers the query. */
export type TAnswer<Q, R> = (query: Q, done: (response: R) => void, failed: (error: unknown) => void) => void;

/** The middlewares of one server, in order of `use`. */
export class MiddlewareChain {
  readonly #middlewares: TDnsMiddleware[] = [];

  get length(): number {
    return this.#middlewares.length;
  }

  use(middleware: TDnsMiddleware): void {
    if (typeof middleware !== 'function') {
      throw new TypeError('use() takes a function (query, next)');
    }
    if (this.#middlewares.length >= middlewaresMax) {
      throw new RangeError(`${middlewaresMax} middlewares are in use; that is the limit`);
    }
    this.#middlewares.push(middleware);
  }

  /** Calls every middleware around `answer`; exactly one of `done` and `failed` is called, once, unless the query settles itself. */
  run<Q extends IChainQuery<R>, R extends IDnsResponse>(
    query: Q,
    answer: TAnswer<Q, R>,
    done: (response: R) => void,
    failed: (error: unknown) => void,
  ): void {
    new ChainRun<Q, R>(this.#middlewares, query, answer, failed).step(0, done);
  }
}

class ChainRun<Q extends IChainQuery<R>, R extends IDnsResponse> {
  readonly #middlewares: readonly TDnsMiddleware[];
  readonly #query: Q;
  readonly #answer: TAnswer<Q, R>;
  readonly #failed: (error: unknown) => void;
  #over = false;

  constructor(
    middlewares: readonly TDnsMiddleware[],
    query: Q,
    answer: TAnswer<Q, R>,
    failed: (error: unknown) => void,
  ) {
    this.#middlewares = middlewares;
    this.#query = query;
    this.#answer = answer;
    this.#failed = failed;
  }

  step(index: number, leave: (response: R) => void): void {
    const middleware = this.#middlewares[index];
    if (middleware === undefined) {
      this.#answer(this.#query, leave, (error) => this.#fail(error));
      return;
    }
    new MiddlewareCall<Q, R>(this, index, leave).start(middleware, this.#query);
  }

  /** Whether nothing that a middleware still does can matter. */
  get isOver(): boolean {
    return this.#over || this.#query.settled;
  }

  toResponse(response: IDnsHandlerResponse): R {
    return this.#query.toResponse(response);
  }

  fail(error: unknown): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (!this.isOver) {
      this.#over = true;
      this.#failed(error);
    }
  }
}

/** One middleware at work on one query. */
class MiddlewareCall<Q extends IChainQuery<R>, R extends IDnsResponse> {
  readonly #run: ChainRun<Q, R>;
  readonly #index: number;
  readonly #leave: (response: R) => void;
  #entered = false;
  #left = false;
  /** The answer of the rest, held back until the middleware's own promise is done. */
  #held: R | undefined;
  /** What `next()` returned. */
  #rest: Promise<R> | undefined;
  #returned = false;

  constructor(run: ChainRun<Q, R>, index: number, leave: (response: R) => void) {
    this.#run = run;
    this.#index = index;
    this.#leave = leave;
  }

  start(middleware: TDnsMiddleware, query: Q): void {
    try {
      const result = middleware(query as never, this.#next as IDnsNext);
      if (result !== undefined && result === (this.#rest as unknown)) {
        // `return next()` adds nothing to the answer: it leaves as it comes, without a turn of the micro-task queue.
        this.#finish(undefined, false);
      } else if (isPromise(result)) {
        result.then(
          (value) => this.#finish(value, true),
          (error: unknown) => this.#run.fail(error),
        );
      } else {
        this.#finish(result, false);
      }
    } catch (error) {
      this.#run.fail(error);
    }
  }

  readonly #next = (callback?: (response: R) => void | Promise<void>): Promise<R> | undefined => {
    if (this.#entered) {
      throw new Error('next() was called twice by one middleware');
    }
    this.#entered = true;
    if (callback !== undefined) {
      this.#run.step(this.#index + 1, (response) => this.#callBack(callback, response));
      return undefined;
    }
    let wake: ((response: R) => void) | undefined;
    this.#run.step(this.#index + 1, (response) => {
      this.#held = response;
      wake?.(response);
      // The middleware is done already, and nothing else will send the answer.
      if (this.#returned) {
        this.#depart(response);
      }
    });
    this.#rest =
      this.#held === undefined
        ? new Promise<R>((resolve) => {
            wake = resolve;
          })
        : Promise.resolve(this.#held);
    return this.#rest;
  };

  #callBack(callback: (response: R) => void | Promise<void>, response: R): void {
    try {
      const result = callback(response);
      if (isPromise(result)) {
        result.then(
          () => this.#depart(response),
          (error: unknown) => this.#run.fail(error),
        );
      } else {
        this.#depart(response);
      }
    } catch (error) {
      this.#run.fail(error);
    }
  }

  #finish(value: void | IDnsHandlerResponse, last: boolean): void {
    this.#returned = true;
    if (value !== undefined && value !== null) {
      // A middleware that returns the very answer it was given returns it to be sent, not rebuilt.
      this.#depart((value as unknown) === this.#held ? this.#held! : this.#toResponse(value));
    } else if (this.#held !== undefined) {
      this.#depart(this.#held);
    } else if (last && !this.#entered) {
      this.#run.fail(new Error('a middleware ended without calling next() and without an answer'));
    }
  }

  #toResponse(value: IDnsHandlerResponse): R | undefined {
    try {
      return this.#run.toResponse(value);
    } catch (error) {
      this.#run.fail(error);
      return undefined;
    }
  }

  #depart(response: R | undefined): void {
    if (response === undefined || this.#left || this.#run.isOver) {
      return;
    }
    this.#left = true;
    this.#leave(response);
  }
}
