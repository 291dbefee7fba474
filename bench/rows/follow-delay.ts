/** How long a line takes from a task's print to the screen of `kf logs`. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { rowServer } from '../support/pair.ts';
import type { Figure, Row } from '../support/row.ts';
import { type BenchServer, root } from '../support/server.ts';
import { median, quantile } from '../support/statistics.ts';
import { createTask } from '../support/tasks.ts';

export const followDelay: Row = {
  name: 'follow-delay',
  what: 'a follower’s delay from print to screen, a line every 20 ms',
  async run(options) {
    const { server } = await rowServer(options);
    const count = options.quick ? 200 : 1000;
    const delays = await followed(server, count);
    const control = await piped(count);
    const p99: Figure = {
      what: 'from print to screen, 99th percentile',
      value: quantile(delays, 0.99),
      unit: 'ms',
      target: { most: 50 },
      details: [
        `median ${median(delays).toFixed(1)}, most ${Math.max(...delays).toFixed(1)} ms of ${delays.length} lines`,
        `the same lines through a pipe, with nothing of ours: median ${median(control).toFixed(1)}, 99th percentile ${quantile(control, 0.99).toFixed(1)} ms`,
      ],
      cause:
        'conmon, inotify, the server, HTTPS and kf: the median is what they take, the rest is waiting for a processor',
    };
    return [p99];
  },
};

/** Each line is the time at which it is printed, in nanoseconds. */
const command = (lines: number): string =>
  `i=0; while [ $i -lt ${lines} ]; do date +%s%N; sleep 0.02; i=$((i+1)); done`;

/** Milliseconds; the lines before the follower is there do not count. */
async function followed(server: BenchServer, lines: number): Promise<number[]> {
  const name = await createTask(server, 'bench', { command: command(lines + 50) });
  const child = spawn(process.execPath, [join(root, 'bin/kf'), 'logs', name], {
    env: server.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return delaysIn(child.stdout!, lines);
}

/** What the machine itself takes at that load. */
async function piped(lines: number): Promise<number[]> {
  const child = spawn('/bin/sh', ['-c', command(lines)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return delaysIn(child.stdout!, lines);
}

async function delaysIn(output: Readable, lines: number): Promise<number[]> {
  const delays: number[] = [];
  for await (const line of createInterface({ input: output })) {
    const now = performance.timeOrigin + performance.now();
    delays.push(now - Number(line) / 1e6);
  }
  return delays.slice(-lines);
}
