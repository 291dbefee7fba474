/** One task, from its create to the news of its success, against the chain's time to the exit file; by turns. */

import { Pod } from '../../src/resources/core/pod.ts';
import { type Pair, rowServer } from '../support/pair.ts';
import type { Figure, Row, RowOptions } from '../support/row.ts';
import { type BenchServer, space } from '../support/server.ts';
import { median, p95, spread } from '../support/statistics.ts';
import { createTask, TaskWatch } from '../support/tasks.ts';

interface Sample {
  /** Milliseconds since the create was sent. */
  readonly acknowledged: number;
  readonly started: number;
  readonly ended: number;
  readonly observed: number;
  readonly chain: number;
  readonly ratio: number;
}

export const oneTask: Row = {
  name: 'one-task',
  what: 'one task, created → Succeeded observed, against the reference chain',
  async run(options) {
    const pair = await rowServer(options);
    const samples = await measure(pair, options);
    const plain = await pair.chain.run(options.quick ? 5 : 15, 1, true);
    const cpu = await cpuPerTask(pair, options.quick ? 10 : 25);
    const ratios = samples.map(({ ratio }) => ratio);
    const part = (name: keyof Sample): number => median(samples.map((sample) => sample[name]));
    return [
      {
        what: 'one task ÷ chain to the exit file',
        value: median(ratios),
        unit: 'x',
        target: { most: 1.25 },
        details: [
          `ratio ${spread(ratios, 2)} over ${samples.length} pairs by turns`,
          `ours ${spread(samples.map(({ observed }) => observed))} ms, chain ${spread(samples.map(({ chain }) => chain))} ms`,
          `ours by stages: acknowledged at ${part('acknowledged').toFixed(1)}, told to start ${part('started').toFixed(1)}, exit code ${part('ended').toFixed(1)}, observed ${part('observed').toFixed(1)} ms`,
          `plain ${pair.chain.runtime} run of the same bundle: ${spread(plain.toExit.map((time) => time / 1000))} ms`,
        ],
        cause: causeOf(part('acknowledged'), part('started'), part('ended'), part('observed'), part('chain')),
      },
      { what: 'one task, 95th percentile of the ratio', value: p95(ratios), unit: 'x' },
      { what: 'one task', value: part('observed'), unit: 'ms' },
      { what: 'chain to the exit file', value: part('chain'), unit: 'ms' },
      { what: 'plain runtime', value: median(plain.toExit) / 1000, unit: 'ms' },
      ...cpu,
    ];
  },
};

const causeOf = (acknowledged: number, started: number, ended: number, observed: number, chain: number): string =>
  `of ${observed.toFixed(0)} ms: ${acknowledged.toFixed(0)} HTTPS and flush of the create; ` +
  `${(started - acknowledged).toFixed(0)} controllers, root file system, conmon and the runtime's create; ` +
  `${(ended - started).toFixed(0)} start, command, exit file; ${(observed - ended).toFixed(0)} until the status is back; the chain takes ${chain.toFixed(0)}`;

async function measure({ server, chain }: Pair, { quick, progress }: RowOptions): Promise<Sample[]> {
  const samples: Sample[] = [];
  const watch = new TaskWatch(server);
  const count = quick ? 20 : 60;
  try {
    for (let index = -3; index < count; index++) {
      await server.settled();
      const ours = await oneOfOurs(server, watch);
      await server.settled();
      const [exit = Number.NaN] = (await chain.run(1, 1)).toExit;
      // The first ones warm up both.
      if (index >= 0) samples.push({ ...ours, chain: exit / 1000, ratio: ours.observed / (exit / 1000) });
      if (index % 10 === 9) progress(`${index + 1} of ${count} pairs`);
    }
  } finally {
    watch.close();
  }
  return samples;
}

async function oneOfOurs(server: BenchServer, watch: TaskWatch) {
  const wall = performance.timeOrigin + performance.now();
  const began = performance.now();
  const name = await createTask(server, 'bench');
  const acknowledged = performance.now() - began;
  const task = await watch.succeeded(name);
  const observed = performance.now() - began;
  const pod = await server.client.get(Pod, { namespace: space, name: task.status?.podName ?? '' });
  const terminated = pod.status?.containerStatuses?.[0]?.state?.terminated;
  const since = (time: string | undefined): number => Date.parse(time ?? '') - wall;
  return { acknowledged, started: since(terminated?.startedAt), ended: since(terminated?.finishedAt), observed };
}

/** One after another, with all that follows: what is removed, wiped and made anew for the next. */
async function cpuPerTask({ server, chain, cpu }: Pair, count: number): Promise<Figure[]> {
  const watch = new TaskWatch(server);
  const before = cpu.used(server.prefix);
  for (let index = 0; index < count; index++) await watch.succeeded(await createTask(server, 'bench'));
  watch.close();
  await server.settled();
  const ours = (cpu.used(server.prefix) - before) / count;
  const chainBefore = chain.cpuMilliseconds();
  await chain.run(count, 1);
  const theirs = (chain.cpuMilliseconds() - chainBefore) / count;
  return [
    { what: 'processor time per task', value: ours, unit: 'ms' },
    { what: 'processor time per container of the chain', value: theirs, unit: 'ms' },
  ];
}
