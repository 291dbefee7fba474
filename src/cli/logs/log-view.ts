/** What of a Task's log is shown: which lines, and how. */

import type { LogStream } from '../../client/logs.ts';
import type { Context } from '../context.ts';
import type { LogSource } from './log-source.ts';
import { LinePlace, type ReadOptions, readBytes, readLines, splitLines } from './read-log.ts';

export interface LogView {
  /** Lines to begin with, after every other choice; 0: all. */
  readonly lines: number;
  /** RFC 3339. */
  readonly since?: string;
  /** Each line begins with its time. */
  readonly timestamps: boolean;
  readonly grep?: RegExp;
  readonly attempt?: number;
  readonly stream?: LogStream;
}

/** The log as it is where nothing is chosen; else whole lines, each with its newline where it has one. */
export function readView(
  context: Context,
  source: LogSource,
  view: LogView,
  options: ReadOptions,
): AsyncIterable<Buffer> {
  const { lines, since, timestamps, grep } = view;
  const shown = { ...options, timestamps, ...(since === undefined ? {} : { since }) };
  if (grep !== undefined && lines > 0) return lastMatching(context, source, { ...shown, grep, lines });
  if (grep !== undefined) return matching(splitLines(readBytes(context, source, shown)), grep, timestamps);
  return lines === 0
    ? readBytes(context, source, shown)
    : readLines(context, source, { ...shown, tail: lines, place: new LinePlace() });
}

async function* matching(lines: AsyncIterable<Buffer>, grep: RegExp, timestamps: boolean): AsyncIterable<Buffer> {
  for await (const line of lines) if (grep.test(contentOf(line, timestamps))) yield line;
}

/** The last matching lines of what there is; then what follows and matches. */
async function* lastMatching(
  context: Context,
  source: LogSource,
  options: ReadOptions & { readonly grep: RegExp; readonly lines: number; readonly timestamps: boolean },
): AsyncIterable<Buffer> {
  const place = new LinePlace();
  const { grep, timestamps, lines: wanted } = options;
  const last: Buffer[] = [];
  const present = readLines(context, source, { ...options, follow: false, place, onlyWhole: options.follow });
  for await (const line of matching(present, grep, timestamps)) {
    // A copy: a line must not keep the whole chunk that it came with.
    last.push(Buffer.from(line));
    if (last.length > wanted) last.shift();
  }
  yield* last;
  if (!options.follow || options.signal?.aborted) return;
  yield* matching(readLines(context, source, { ...options, place }), grep, timestamps);
}

/** A line without its newline and, where it has one, its time. */
function contentOf(line: Buffer, timestamps: boolean): string {
  const end = line.at(-1) === 0x0a ? line.length - 1 : line.length;
  return line.toString('utf8', timestamps ? line.indexOf(0x20) + 1 : 0, end);
}
