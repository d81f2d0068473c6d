/** A clock that only moves when told to. */
export class FakeClock {
  ms: number;
  readonly now = (): number => this.ms;

  constructor(startMs = 0) {
    this.ms = startMs;
  }

  pass(ms: number): void {
    this.ms += ms;
  }
}
