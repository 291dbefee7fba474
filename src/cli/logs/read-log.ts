/** Reads a log whole, as bytes, or line by line from a place on. */

import type { Context } from '../context.ts';
import type { Io } from '../io.ts';
import { Patience } from '../wait/patience.ts';
import { pause } from '../wait/pause.ts';
import type { LogSource } from './log-source.ts';

export interface ReadOptions {
  readonly follow: boolean;
  readonly signal?: AbortSignal;
  /** Milliseconds for which the server may be away. Default 10,000. */
  readonly patience?: number;
  /** RFC 3339: what is older is left out. */
  readonly since?: string;
  /** Each line begins with its time and a space. */
  readonly timestamps?: boolean;
}

/** The whole log as it is. A connection that breaks is made again, and what was given already is skipped. */
export async function* readBytes(context: Context, source: LogSource, options: ReadOptions): AsyncIterable<Buffer> {
  let given = 0;
  const query = { ...sinceOf(options), ...(options.timestamps ? { timestamps: true } : {}) };
  yield* read(context, source, options, query, async function* (chunks) {
    let skip = given;
    for await (const chunk of chunks) {
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      given += rest.length;
      if (rest.length > 0) yield rest;
    }
  });
}

/** How far lines have been read: the newest time seen, and how many lines bore it. */
export class LinePlace {
  time = '';
  count = 0;

  /** Counts a line, unless it was counted before `from`: then false. */
  passes(time: string, from: { time: string; skip: number }): boolean {
    if (from.time !== '' && time < from.time) return false;
    if (from.time !== '' && time === from.time && from.skip > 0) {
      from.skip--;
      return false;
    }
    this.count = time === this.time ? this.count + 1 : 1;
    this.time = time;
    return true;
  }
}

export interface LineOptions extends ReadOptions {
  /** Lines to begin with where nothing was read before. Default: all. */
  readonly tail?: number;
  /** Where to go on; moves along. */
  readonly place: LinePlace;
  /** Leaves an unfinished last line for the next reading from `place`. */
  readonly onlyWhole?: boolean;
}

/** Line by line, each with its newline where it has one. */
export async function* readLines(context: Context, source: LogSource, options: LineOptions): AsyncIterable<Buffer> {
  const { place, tail, onlyWhole } = options;
  const query = () =>
    place.time === ''
      ? { ...sinceOf(options), ...(tail === undefined ? {} : { tailLines: tail }), timestamps: true }
      : { sinceTime: place.time, timestamps: true };
  yield* read(context, source, options, query, async function* (chunks) {
    const from = { time: place.time, skip: place.count };
    for await (const line of splitLines(chunks)) {
      if (onlyWhole && line.at(-1) !== newline) return;
      const space = line.indexOf(0x20);
      if (place.passes(line.toString('latin1', 0, space), from))
        yield options.timestamps ? line : line.subarray(space + 1);
    }
  });
}

const sinceOf = ({ since }: ReadOptions) => (since === undefined ? {} : { sinceTime: since });

type Query = { readonly tailLines?: number; readonly sinceTime?: string; readonly timestamps?: boolean };

/** Opens the log again until it has ended for good; `take` gives what is new of one opening. */
async function* read(
  context: Context,
  source: LogSource,
  { follow, signal, patience: limit = 10_000 }: ReadOptions,
  query: Query | (() => Query),
  take: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
): AsyncIterable<Buffer> {
  const patience = new Patience(context, limit);
  while (!signal?.aborted) {
    try {
      const client = await context.connection({ mayStart: false });
      const options = {
        ...(typeof query === 'function' ? query() : query),
        follow,
        ...(signal === undefined ? {} : { signal }),
      };
      for await (const piece of take(source.open(client, options))) {
        patience.restored();
        yield piece;
      }
      // A server that goes away may end its answer as if the log were whole; then this question fails, or says no.
      if (signal?.aborted || !follow || (await source.isOver(client))) return;
      await pause(context.clock, 50, signal);
    } catch (error) {
      if (signal?.aborted) return;
      await patience.bear(error, signal);
    }
  }
}

const newline = 0x0a;

/** Lines with their newline; the last one may have none. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let parts: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = chunk.subarray(start, end + 1);
      yield parts.length === 0 ? line : Buffer.concat([...parts, line]);
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

/** A line of a log among the prose. */
export const noteLine = (io: Pick<Io, 'note'>, line: Buffer): void => io.note(line.toString().replace(/\n$/, ''));
