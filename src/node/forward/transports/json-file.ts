/** JSON lines in a file, opened anew for each batch, so that it can be rotated by renaming it. */

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { fieldsOf, type LogRecord } from '../log-record.ts';
import type { Transport } from '../transport.ts';

/** No link is followed and no pipe waited for: the server is root, and others may own the folder. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class JsonFileTransport implements Transport {
  readonly #check: (path: string) => Promise<void>;

  /** @param check throws when the file may not be written */
  constructor(
    readonly path: string,
    check: (path: string) => Promise<void>,
  ) {
    this.#check = check;
  }

  async probe(): Promise<void> {
    await this.#append('');
  }

  async send(records: readonly LogRecord[]): Promise<void> {
    await this.#append(
      records.map((record) => `${JSON.stringify({ time: record.time, ...fieldsOf(record) })}\n`).join(''),
    );
  }

  close(): void {}

  async #append(text: string): Promise<void> {
    await this.#check(this.path);
    const file = await open(this.path, flags, 0o600);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new Error(`${this.path} is no file`);
      const { size } = found;
      try {
        await file.appendFile(text);
        await file.datasync();
      } catch (error) {
        // A part of a line would spoil the next one.
        await file.truncate(size).catch(() => undefined);
        throw error;
      }
    } finally {
      await file.close();
    }
  }
}
