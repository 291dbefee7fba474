/** The client's end of a command: one connection with several streams, whichever protocol carries them. */

import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../../client/containers.ts';
import type { Status } from '../../resources/status.ts';

export interface RemoteStreams {
  /** Absent where the client did not ask for it. */
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  /** Called with every size of the client's terminal, also with those that have come already. */
  onResize(listener: (size: TerminalSize) => void): void;
  /** Fires when the client has gone. */
  readonly gone: AbortSignal;
  /** Tells how it ended, after all output, and closes the connection. */
  finish(status: Status): Promise<void>;
}

/** Which streams the client asked for. */
export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** A size as clients send it. Undefined for anything else: a terminal of no size helps nobody. */
function sizeOf(text: string): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    return isLength(width) && isLength(height) ? { width, height } : undefined;
  } catch {
    return undefined;
  }
}

/** The kernel keeps 16 bits. */
const isLength = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 1 << 16;

/** The sizes that come, for a listener that may come later. */
export class Sizes {
  #latest: TerminalSize | undefined;
  #listener: ((size: TerminalSize) => void) | undefined;

  put(text: string): void {
    const size = sizeOf(text);
    if (size === undefined) return;
    this.#latest = size;
    this.#listener?.(size);
  }

  listen(listener: (size: TerminalSize) => void): void {
    this.#listener = listener;
    if (this.#latest !== undefined) listener(this.#latest);
  }
}
