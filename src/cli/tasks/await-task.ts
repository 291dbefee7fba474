/** Watches a Task to its end, printing its log if asked to; Ctrl-C and SIGTERM stop the watching, never the Task. */

import { isFinal } from '../../resources/condition.ts';
import { humanDuration } from '../../resources/duration.ts';
import { Task } from '../../resources/kf/task.ts';
import { refOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { taskLogSource } from '../logs/log-source.ts';
import { readBytes, splitLines } from '../logs/read-log.ts';
import { observe } from '../wait/observe.ts';
import { isRunning, progressOf } from './outcome.ts';

/** Milliseconds for which the server may be away, e.g. restarting. */
const patience = 60_000;
/** Milliseconds between signs of life. */
const heartbeat = 30_000;

export interface AwaitOptions {
  /** Takes the log. Absent: it is not read. */
  readonly onLog?: (chunk: Buffer) => Promise<void>;
  /** Whether the log comes in whole lines, each with its newline where it has one. Default: as it arrives. */
  readonly byLine?: boolean;
  /** Called once the Task has its number. */
  readonly onId?: (id: number) => void;
}

export type Awaited = { readonly end: 'final'; readonly task: Task } | { readonly end: 'deleted' | 'interrupted' };

/** @throws UnreachableError when the server stays away for 60 s */
export async function awaitTask(
  context: Context,
  task: Task,
  { onLog, onId, byLine = false }: AwaitOptions,
): Promise<Awaited> {
  const { io } = context;
  const stop = new AbortController();
  const interrupt = io.onInterrupt(() => stop.abort(), ['SIGINT', 'SIGTERM']);
  const progress = new Progress(context, task);
  let mayPrint = (): void => {};
  const printing = new Promise<void>((resolve) => {
    mayPrint = resolve;
  });
  // The log and the states come by ways of their own: its first line must not overtake the number.
  const print = onLog === undefined ? undefined : (chunk: Buffer) => printing.then(() => onLog(chunk));
  try {
    // With the log all has been said once it has ended, so both are waited for.
    const log = print === undefined ? undefined : copyLog(context, task, { print, byLine, signal: stop.signal });
    // Its failure is reported when it is awaited below.
    log?.catch(() => undefined);
    let latest: Task | undefined = task;
    let idTold = false;
    const states = observe(context, Task, refOf(task), { from: task, patience, signal: stop.signal });
    for await (const state of withFirst(task, states)) {
      latest = state;
      if (state === undefined) break;
      progress.see(state);
      if (!idTold && state.status?.id !== undefined) {
        idTold = true;
        onId?.(state.status.id);
        mayPrint();
      }
      if (isFinal(state)) break;
    }
    mayPrint();
    if (latest !== undefined && isFinal(latest)) {
      await log;
      return stop.signal.aborted ? { end: 'interrupted' } : { end: 'final', task: latest };
    }
    return { end: latest === undefined ? 'deleted' : 'interrupted' };
  } finally {
    progress.stop();
    interrupt.remove();
    stop.abort();
  }
}

async function* withFirst<T>(first: T, rest: AsyncIterable<T>): AsyncIterable<T> {
  yield first;
  yield* rest;
}

interface LogCopy {
  readonly print: (chunk: Buffer) => Promise<void>;
  readonly byLine: boolean;
  readonly signal: AbortSignal;
}

async function copyLog(context: Context, task: Task, { print, byLine, signal }: LogCopy): Promise<void> {
  const chunks = readBytes(context, taskLogSource(refOf(task)), { follow: true, signal, patience });
  for await (const chunk of byLine ? splitLines(chunks) : chunks) await print(chunk);
}

/** Says what a Task waits for when that takes longer than a second, and gives a sign of life every 30 s. */
class Progress {
  readonly #context: Context;
  readonly #name: string;
  readonly #timer: NodeJS.Timeout;
  #latest: Task;
  #said = '';
  #changedAt: number;
  #spokeAt: number;

  constructor(context: Context, task: Task) {
    this.#context = context;
    this.#name = task.metadata.name;
    this.#latest = task;
    this.#changedAt = this.#spokeAt = context.clock.now();
    this.#timer = setInterval(() => this.#tick(), 500);
    this.#timer.unref();
  }

  see(task: Task): void {
    if (progressOf(task) !== progressOf(this.#latest)) this.#changedAt = this.#context.clock.now();
    this.#latest = task;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = this.#context.clock.now();
    const text = progressOf(this.#latest);
    const isWaiting = !isRunning(this.#latest);
    if (isWaiting && text !== this.#said && now - this.#changedAt >= 1000) this.#say(text, now);
    if (now - this.#spokeAt < heartbeat) return;
    const since = this.#latest.status?.startTime ?? this.#latest.metadata.creationTimestamp;
    this.#say(since === undefined ? text : `${text}, for ${humanDuration(now - Date.parse(since))} now`, now);
    this.#said = text;
  }

  #say(text: string, now: number): void {
    this.#said = text;
    this.#spokeAt = now;
    this.#context.io.note(`Task ${this.#name} ${text}`);
  }
}
