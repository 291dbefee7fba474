/** A task that prints 1 GB: every byte arrives, and the server's memory stays what it was. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LogSink } from '../../src/resources/kf/log-sink.ts';
import { discardingSyslog } from '../support/discarding-syslog.ts';
import type { Figure, Row, RowOptions } from '../support/row.ts';
import { BenchServer, space } from '../support/server.ts';
import { createTask, TaskWatch } from '../support/tasks.ts';

/** Bytes of a line, with its newline. */
const lineBytes = 100;
/** Bytes of memory that may come and go. */
const flat = 48e6;

export const bigLog: Row = {
  name: 'big-log',
  what: 'a task that prints 1 GB (quick: 200 MB): nothing lost, memory flat, while it is followed and while it is forwarded',
  async run(options) {
    const lines = options.quick ? 2_000_000 : 10_000_000;
    const command = `seq -f '%0${lineBytes - 1}.0f' 1 ${lines}`;
    const expected = execFileSync('/bin/sh', ['-c', `${command} | sha256sum`], { encoding: 'utf8' }).slice(0, 64);
    const server = await BenchServer.start(options.workspace);
    try {
      await server.app('bench', 'echo hi');
      const work = { server, command, lines, expected };
      return [...(await followed(work, options)), ...(await forwarded(work, options))];
    } finally {
      await server.stop();
    }
  },
};

interface Work {
  readonly server: BenchServer;
  readonly command: string;
  readonly lines: number;
  readonly expected: string;
}

async function followed({ server, command, lines, expected }: Work, { progress }: RowOptions): Promise<Figure[]> {
  const memory = await MemoryWatch.start(server);
  const began = performance.now();
  const name = await createTask(server, 'bench', { command });
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of server.client.taskLog({ namespace: space, name }, { follow: true })) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const seconds = (performance.now() - began) / 1000;
  progress(`${bytes} bytes followed in ${seconds.toFixed(1)} s`);
  const wrong = bytes === lines * lineBytes && hash.digest('hex') === expected ? 0 : 1;
  return [
    { what: 'logs whose hash differs from what was printed', value: wrong, unit: 'logs', target: { most: 0 } },
    { what: 'followed, from print to reader', value: bytes / 1e6 / seconds, unit: 'MB/s' },
    await memory.growth('server memory: growth while followed'),
  ];
}

async function forwarded({ server, command, lines }: Work, { workspace, progress }: RowOptions): Promise<Figure[]> {
  const url = `syslog://127.0.0.1:${await discardingSyslog(workspace)}`;
  await server.client.create(LogSink, { metadata: { name: 'bench' }, spec: { url } });
  const memory = await MemoryWatch.start(server);
  const watch = new TaskWatch(server);
  const began = performance.now();
  await watch.succeeded(await createTask(server, 'bench', { command }));
  watch.close();
  const printed = (performance.now() - began) / 1000;
  const delivered = await allDelivered(server, lines);
  const seconds = (performance.now() - began) / 1000;
  progress(`${delivered} lines forwarded in ${seconds.toFixed(1)} s`);
  const what = 'lines forwarded that were not printed, or not forwarded';
  return [
    { what, value: Math.abs(delivered - lines), unit: 'lines', target: { most: 0 } },
    {
      what: 'forwarded to syslog',
      value: (lines * lineBytes) / 1e6 / seconds,
      unit: 'MB/s',
      details: [`printed in ${printed.toFixed(1)} s, forwarded ${(seconds - printed).toFixed(1)} s later`],
    },
    await memory.growth('server memory: growth while forwarded'),
  ];
}

async function allDelivered({ client }: BenchServer, lines: number): Promise<number> {
  for await (const { object } of client.watch(LogSink, { fieldSelector: 'metadata.name=bench' })) {
    const { deliveredLines = 0, backlogBytes } = object.status ?? {};
    if (deliveredLines >= lines || (deliveredLines > 0 && backlogBytes === 0)) return deliveredLines;
  }
  throw new Error('the watch of the log sink has ended');
}

/** Looks again and again how much memory the server has. */
class MemoryWatch {
  #most = 0;
  #done = false;
  readonly #looking: Promise<void>;

  private constructor(
    readonly server: BenchServer,
    readonly before: number,
  ) {
    this.#looking = this.#look();
  }

  static async start(server: BenchServer): Promise<MemoryWatch> {
    await server.settled();
    // The server gives memory back 5 s after its last write.
    await delay(6000);
    return new MemoryWatch(server, (await server.memory()).alone);
  }

  async growth(what: string): Promise<Figure> {
    this.#done = true;
    await this.#looking;
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    return {
      what,
      value: Math.max(0, this.#most - this.before) / 1e6,
      unit: 'MB',
      target: { most: flat / 1e6 },
      details: [`${megabytes(this.before)} before, ${megabytes(this.#most)} at most`],
      cause: 'what was read and is not collected yet',
    };
  }

  async #look(): Promise<void> {
    while (!this.#done) {
      this.#most = Math.max(this.#most, (await this.server.memory()).alone);
      await delay(250);
    }
  }
}
