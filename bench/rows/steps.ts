/** A TaskRun of several steps, from its create to the news of its success, against the chain that starts as many containers. */

import type { ChainRun } from '../support/chain.ts';
import { type Pair, rowServer } from '../support/pair.ts';
import type { Figure, Row, RowOptions } from '../support/row.ts';
import { createTaskRun, taskRunWatch } from '../support/runs.ts';
import { median, spread } from '../support/statistics.ts';

export const steps: Row = {
  name: 'steps',
  what: 'a TaskRun with 1, 5 and 20 steps, created → Succeeded observed, against as many containers one after another',
  async run(options) {
    const pair = await rowServer(options);
    const figures: Figure[] = [];
    for (const count of [1, 5, 20]) figures.push(await measure(pair, options, count));
    return figures;
  },
};

async function measure({ server, chain }: Pair, { quick, progress }: RowOptions, count: number): Promise<Figure> {
  const watch = taskRunWatch(server);
  const samples: { ours: number; chain: number }[] = [];
  const rounds = Math.max(quick ? 4 : 8, Math.ceil((quick ? 10 : 40) / count));
  try {
    for (let round = -1; round < rounds; round++) {
      await server.settled();
      const began = performance.now();
      await watch.succeeded(await createTaskRun(server, count));
      const ours = performance.now() - began;
      await server.settled();
      const theirs = untilLastExit(await chain.run(count, 1));
      // The first ones warm up both.
      if (round >= 0) samples.push({ ours, chain: theirs });
    }
  } finally {
    watch.close();
  }
  progress(`${count} steps`);
  return {
    what: `TaskRun with ${count} step${count === 1 ? '' : 's'} ÷ chain`,
    value: median(samples.map(({ ours, chain: theirs }) => ours / theirs)),
    unit: 'x',
    target: { most: 1.3 },
    details: [
      `ours ${spread(samples.map(({ ours }) => ours))} ms, chain ${spread(samples.map((one) => one.chain))} ms, ${rounds} pairs by turns`,
    ],
    cause: 'each step is created by the runtime, has its log and its status written, and then the next one starts',
  };
}

/** Milliseconds: each container is released before the next one starts; of the last one the exit counts. */
const untilLastExit = ({ toExit, toRelease }: ChainRun): number =>
  (toRelease.slice(0, -1).reduce((total, time) => total + time, 0) + (toExit.at(-1) ?? Number.NaN)) / 1000;
