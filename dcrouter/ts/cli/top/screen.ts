/**
 * Drawing in place, and the keys that switch what is drawn.
 *
 * @module
 */
import type { IIo } from '../io.ts';
import { VIEWS, type TView } from './frame.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_REST_OF_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CTRL_C = '\u0003';

export interface IKeyHandlers {
  quit(): void;
  view(view: TView): void;
  /** The next or, with -1, the previous view. */
  step(by: 1 | -1): void;
}

/** A terminal's second screen: what stood on the first one is there again afterwards. */
export class Screen {
  readonly #io: IIo;
  readonly #onKey: (chunk: Buffer | string) => void;

  constructor(io: IIo, handlers: IKeyHandlers) {
    this.#io = io;
    this.#onKey = (chunk) => pressed(String(chunk), handlers);
  }

  open(): void {
    this.#io.out.write(ENTER);
    if (this.#io.in.isTTY !== true) return;
    this.#io.in.setRawMode?.(true);
    this.#io.in.on('data', this.#onKey);
    this.#io.in.resume();
  }

  /** Line by line over what stands there, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    this.#io.out.write(`${HOME}${lines.map((line) => `${line}${CLEAR_REST_OF_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
  }

  close(): void {
    this.#io.out.write(LEAVE);
    if (this.#io.in.isTTY !== true) return;
    this.#io.in.removeListener('data', this.#onKey);
    this.#io.in.setRawMode?.(false);
    this.#io.in.pause();
  }
}

function pressed(keys: string, handlers: IKeyHandlers): void {
  if (keys === '\t' || keys === '\u001b[C') return handlers.step(1);
  if (keys === '\u001b[Z' || keys === '\u001b[D') return handlers.step(-1);
  // Other keys of the keyboard's come as sequences with digits in them.
  if (keys.startsWith('\u001b')) return;
  for (const key of keys) {
    // Raw mode takes the signal away from Ctrl-C.
    if (key === 'q' || key === CTRL_C) return handlers.quit();
    const view = VIEWS[Number(key) - 1];
    if (view !== undefined) handlers.view(view);
  }
}
