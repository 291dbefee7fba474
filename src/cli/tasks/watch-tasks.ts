/** `kf tasks --watch`: the list, then a line for every change that shows; or an object, for programs. */

import { conditionOf } from '../../resources/condition.ts';
import { humanDuration } from '../../resources/duration.ts';
import { Task } from '../../resources/kf/task.ts';
import { isExpired } from '../../resources/status.ts';
import type { Context } from '../context.ts';
import { Exit } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';
import { type Cell, formatTable } from '../output/table.ts';
import { Patience } from '../wait/patience.ts';
import { pause } from '../wait/pause.ts';
import { byNumber } from './find-task.ts';

export interface WatchTasksOptions {
  readonly namespace: string;
  readonly labelSelector?: string;
  readonly keep: (task: Task) => boolean;
  /** How many are shown to begin with. Default: all. */
  readonly limit?: number;
  readonly output?: OutputFormat;
}

/** Ends by Ctrl-C. @throws Exit */
export async function watchTasks(context: Context, options: WatchTasksOptions): Promise<never> {
  const stop = new AbortController();
  const interrupt = context.io.onInterrupt(() => stop.abort());
  const { namespace, labelSelector } = options;
  const selector = { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) };
  const printer = new Printer(context, options);
  const patience = new Patience(context, 60_000);
  const { signal } = stop;
  try {
    while (!signal.aborted) {
      try {
        const client = await context.connection({ mayStart: false });
        const { items, resourceVersion } = await client.list(Task, selector);
        patience.restored();
        await printer.list(items);
        for await (const { type, object } of client.watch(Task, { ...selector, resourceVersion, signal }))
          await printer.change(object, type === 'DELETED');
        await pause(context.clock, 50, signal);
      } catch (error) {
        if (signal.aborted) break;
        if (!isExpired(error)) await patience.bear(error, signal);
      }
    }
  } finally {
    interrupt.remove();
  }
  throw new Exit(exitCodes.interrupted);
}

const header = ['Name', 'ID', 'DisplayName', 'Age', 'Duration', 'Succeeded', 'Reason'];
const ageColumn = 3;
/** Rows that a column's width is taken from. */
const mostRows = 200;

class Printer {
  readonly #context: Context;
  readonly #options: WatchTasksOptions;
  /** What was said of each Task; its age does not count. */
  readonly #said = new Map<string, string>();
  readonly #rows: (readonly Cell[])[] = [];
  #begun = false;

  constructor(context: Context, options: WatchTasksOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** The first time as it is; after a break only what is new. */
  async list(tasks: readonly Task[]): Promise<void> {
    const sorted = [...tasks].sort(byNumber);
    if (this.#begun) {
      for (const task of sorted) await this.change(task, false);
      return;
    }
    this.#begun = true;
    const { limit, keep, output } = this.#options;
    const kept = sorted.filter(keep);
    const shown = limit === undefined ? kept : kept.slice(-limit);
    for (const task of sorted) this.#isNew(task);
    if (output !== undefined) {
      for (const task of shown) await this.#print(task, output);
      return;
    }
    this.#rows.push(...shown.map((task) => this.#cells(task)));
    await this.#context.io.out(formatTable(header, this.#rows));
  }

  async change(task: Task, gone: boolean): Promise<void> {
    const { output, keep } = this.#options;
    if (gone) this.#said.delete(task.metadata.name);
    if (gone || !this.#isNew(task) || !keep(task)) return;
    if (output !== undefined) return this.#print(task, output);
    this.#rows.push(this.#cells(task));
    if (this.#rows.length > mostRows) this.#rows.shift();
    const lines = formatTable(header, this.#rows).split('\n');
    await this.#context.io.out(`${lines.at(-2)}\n`);
  }

  async #print(task: Task, output: OutputFormat): Promise<void> {
    const document = await formatObject(output, Task, task);
    // One YAML document after the other.
    await this.#context.io.out(output === 'yaml' ? `---\n${document}` : document);
  }

  #isNew(task: Task): boolean {
    const text = this.#cells(task)
      .filter((_, column) => column !== ageColumn)
      .join('\0');
    if (this.#said.get(task.metadata.name) === text) return false;
    this.#said.set(task.metadata.name, text);
    return true;
  }

  #cells(task: Task): readonly Cell[] {
    const { metadata, spec, status } = task;
    const { status: succeeded, reason } = conditionOf(task, 'Succeeded') ?? {};
    const age = this.#context.clock.now() - Date.parse(metadata.creationTimestamp ?? '');
    return [metadata.name, status?.id, spec.displayName, humanDuration(age), status?.duration, succeeded, reason];
  }
}
