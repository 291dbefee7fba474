/** The streams of a command, so that tests can stand in for the terminal. */

export interface Io {
  /** Waits while the reader is slow. Data only; prose goes to `note`. */
  out(data: string | Uint8Array): Promise<void>;
  /** One line on stderr. */
  note(line: string): void;
  /** A line on stderr's terminal in place of the one before; without a text it goes. Elsewhere nothing. */
  status(line: string | undefined): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Whether stdout may be coloured: a terminal without NO_COLOR. */
  readonly colour: boolean;
  /** Calls `stop` on these signals, as long as it is registered, instead of ending the process. Default: Ctrl-C. */
  onInterrupt(stop: () => void, signals?: readonly StopSignal[]): { remove(): void };
  /** Calls `end` when nobody reads the output any more (`| head`), and ends with its exit code. Default: 0. */
  onUnread(end: () => number): void;
}

export type StopSignal = 'SIGINT' | 'SIGTERM';

const colours = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, bold: 1, dim: 2 } as const;
export type Colour = keyof typeof colours;

export const paint = (io: Pick<Io, 'colour'>, colour: Colour, text: string): string =>
  io.colour ? `\x1b[${colours[colour]}m${text}\x1b[0m` : text;

/** The process's own streams. */
export function processIo(env: NodeJS.ProcessEnv): Io {
  const noColour = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  // Whoever reads us may stop early: that is no error of ours.
  let endUnread = (): number => 0;
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(endUnread());
      throw error;
    });
  const errIsTerminal = process.stderr.isTTY === true;
  let hasStatus = false;
  const status = (line: string | undefined): void => {
    if (!errIsTerminal || (line === undefined && !hasStatus)) return;
    hasStatus = line !== undefined;
    // The start of the line, and nothing after it: a longer line before must not show.
    process.stderr.write(`\r\x1b[K${line ?? ''}`);
  };
  return {
    out: (data) => {
      if (data.length === 0) return Promise.resolve();
      status(undefined);
      return new Promise((resolve) => process.stdout.write(data, () => resolve()));
    },
    note: (line) => {
      status(undefined);
      process.stderr.write(`${line}\n`);
    },
    status,
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal,
    colour: process.stdout.isTTY === true && !noColour,
    onInterrupt: (stop, signals = ['SIGINT']) => {
      for (const signal of signals) process.on(signal, stop);
      return {
        remove: () => {
          for (const signal of signals) process.removeListener(signal, stop);
        },
      };
    },
    onUnread: (end) => {
      endUnread = end;
    },
  };
}
