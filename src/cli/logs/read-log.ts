/** Reads a log whole, as bytes, or its end, as lines. */

import type { Context } from '../context.ts';
import { Patience } from '../wait/patience.ts';
import { pause } from '../wait/pause.ts';
import type { LogSource } from './log-source.ts';

export interface ReadOptions {
  readonly follow: boolean;
  readonly signal?: AbortSignal;
  /** Milliseconds for which the server may be away. Default 10,000. */
  readonly patience?: number;
}

/** The whole log as it is. A connection that breaks is made again, and what was given already is skipped. */
export async function* readBytes(context: Context, source: LogSource, options: ReadOptions): AsyncIterable<Buffer> {
  let given = 0;
  yield* read(context, source, options, {}, async function* (chunks) {
    let skip = given;
    for await (const chunk of chunks) {
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      given += rest.length;
      if (rest.length > 0) yield rest;
    }
  });
}

/** The last `tail` lines and what follows, line by line, each with its newline where it has one. */
export async function* readLines(
  context: Context,
  source: LogSource,
  options: ReadOptions & { readonly tail: number },
): AsyncIterable<Buffer> {
  // Where to go on: the newest time seen, and how many lines bore it.
  let last = '';
  let sameTime = 0;
  const query = () =>
    last === '' ? { tailLines: options.tail, timestamps: true } : { sinceTime: last, timestamps: true };
  yield* read(context, source, options, query, async function* (chunks) {
    const from = last;
    let skip = sameTime;
    for await (const line of splitLines(chunks)) {
      const space = line.indexOf(0x20);
      const time = line.subarray(0, space).toString('latin1');
      if (from !== '' && time < from) continue;
      if (from !== '' && time === from && skip > 0) {
        skip--;
        continue;
      }
      sameTime = time === last ? sameTime + 1 : 1;
      last = time;
      yield line.subarray(space + 1);
    }
  });
}

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
      const client = await context.client({ mayStart: false });
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
