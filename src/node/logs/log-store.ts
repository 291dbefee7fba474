/** Reads containers' logs for whoever asks, and removes them with the objects that own them. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogQuery, LogSource } from '../../client/logs.ts';
import { ignoring } from '../../resources/errors.ts';
import { CriDecoder } from './cri.ts';
import { FolderWatch } from './folder-watch.ts';
import { type LogFile, logFiles, names } from './log-files.ts';
import { type OpenLog, openLog } from './open-log.ts';
import { isMark, markRemoved, ownerOfName, removedAt, unmark } from './removed-logs.ts';
import { tailStart } from './tail.ts';

const chunkSize = 256 * 1024;

export class LogStore implements LogSource {
  readonly #directory: string;

  /** @param directory holds a folder per owner */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * The containers' output as they wrote it: lines and parts of lines joined, nothing dropped. Waits for the log to
   * appear while `follow`; ends at the end of the log once `ended` has fired.
   */
  async *read(query: LogQuery): AsyncGenerator<Buffer> {
    let left = query.limitBytes ?? Infinity;
    for await (const chunk of this.#chunks(query)) {
      if (chunk.length === 0) continue;
      yield chunk.length <= left ? chunk : chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) return;
    }
  }

  async *#chunks(query: LogQuery): AsyncGenerator<Buffer> {
    const cursors = new Map<string, LogCursor>();
    const watch = new FolderWatch();
    const nudge = (): void => watch.nudge();
    for (const signal of [query.ended, query.signal]) signal?.addEventListener('abort', nudge);
    try {
      await this.#tail(query, cursors);
      while (query.signal?.aborted !== true) {
        const seen = watch.changes;
        const last = query.follow !== true || query.ended?.aborted === true;
        if (!last) await this.#watch(query, watch, cursors);
        for (const file of await this.#files(query)) {
          const cursor = cursors.get(file.path) ?? (await LogCursor.open(file.path, query));
          if (cursor === undefined) continue;
          cursors.set(file.path, cursor);
          yield* cursor.drain(query.signal);
        }
        if (last) return;
        await watch.after(seen);
      }
    } finally {
      watch.close();
      for (const signal of [query.ended, query.signal]) signal?.removeEventListener('abort', nudge);
      await Promise.all([...cursors.values()].map((cursor) => cursor.close()));
    }
  }

  #files({ owner, pod, container }: LogQuery): Promise<readonly LogFile[]> {
    return logFiles(join(this.#directory, fileName(owner)), {
      ...(pod === undefined ? {} : { pod: fileName(pod) }),
      ...(container === undefined ? {} : { container }),
    });
  }

  async #watch({ owner, pod }: LogQuery, watch: FolderWatch, cursors: ReadonlyMap<string, LogCursor>): Promise<void> {
    const folder = join(this.#directory, fileName(owner));
    // The folder above is busy with everyone's logs: it is needed only until ours is there.
    if (cursors.size === 0) watch.add(this.#directory);
    watch.add(folder);
    // A Pod's folder is there before the first log in it.
    for (const name of pod === undefined ? await names(folder) : [fileName(pod)]) watch.add(join(folder, name));
  }

  /** Puts the cursors where the last lines begin, counted over all files together. */
  async #tail(query: LogQuery, cursors: Map<string, LogCursor>): Promise<void> {
    if (query.tailLines === undefined) return;
    let wanted = query.tailLines;
    for (const file of [...(await this.#files(query))].reverse()) {
      const cursor = await LogCursor.open(file.path, query);
      if (cursor === undefined) continue;
      cursors.set(file.path, cursor);
      wanted -= await cursor.seekTail(wanted, query.stream);
    }
  }

  /** Owners that have logs, or had one that was discarded. */
  async owners(): Promise<string[]> {
    return [...new Set((await names(this.#directory)).map(ownerOfName))];
  }

  /** With its owner. */
  async delete(owner: string): Promise<void> {
    await this.#remove(owner);
    await unmark(this.#directory, owner);
  }

  /** Removes a log whose owner stays; who asks for it is told. @param time RFC 3339 */
  async discard(owner: string, time: string): Promise<void> {
    // First: half a log must not be taken for all of it.
    await markRemoved(this.#directory, fileName(owner), time);
    await this.#remove(owner);
  }

  async discardedAt(owner: string): Promise<string | undefined> {
    return removedAt(this.#directory, fileName(owner));
  }

  /** Goes on with what a crash has interrupted. */
  async open(): Promise<void> {
    for (const name of (await names(this.#directory)).filter(isMark)) await this.#remove(ownerOfName(name));
  }

  #remove(owner: string): Promise<void> {
    // Something may still be written beside a log, like its compressed form.
    return rm(join(this.#directory, fileName(owner)), { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Uids and names come from requests: they must not lead anywhere else. */
function fileName(text: string): string {
  if (text === '' || text === '.' || text === '..' || /[/\0]/.test(text))
    throw new RangeError(`not a name: ${JSON.stringify(text)}`);
  return text;
}

/** Reads one file from where it stopped. */
class LogCursor {
  readonly #file: OpenLog;
  readonly #decoder: CriDecoder;
  #offset = 0;

  private constructor(file: OpenLog, decoder: CriDecoder) {
    this.#file = file;
    this.#decoder = decoder;
  }

  /** Undefined when the file has just gone. */
  static async open(path: string, query: LogQuery): Promise<LogCursor | undefined> {
    const file = await openLog(path).catch(ignoring('ENOENT'));
    return file === undefined ? undefined : new LogCursor(file, new CriDecoder(query));
  }

  /** How many lines the tail has. */
  async seekTail(lines: number, stream: LogQuery['stream']): Promise<number> {
    const start = await tailStart(this.#file, lines, stream);
    this.#offset = start.offset;
    return start.lines;
  }

  /** Everything up to the present end of the file. */
  async *drain(signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    const chunk = Buffer.allocUnsafe(chunkSize);
    while (signal?.aborted !== true) {
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, this.#offset);
      if (bytesRead === 0) break;
      this.#offset += bytesRead;
      yield this.#decoder.push(chunk.subarray(0, bytesRead));
    }
    yield this.#decoder.flush();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
