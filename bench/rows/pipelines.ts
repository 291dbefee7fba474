/** PipelineRuns of many tasks: all at a time, and one after another. */

import { type Pair, parallel, rowServer } from '../support/pair.ts';
import type { Figure, Row, RowOptions } from '../support/row.ts';
import { createPipelineRun, pipelineRunWatch } from '../support/runs.ts';
import { median, spread } from '../support/statistics.ts';

export const pipelines: Row = {
  name: 'pipelines',
  what: 'a PipelineRun of 50 tasks at a time, and one of 20 tasks one after another, against as many containers',
  async run(options) {
    const pair = await rowServer(options);
    return [await measure(pair, options, 50, false), await measure(pair, options, 20, true)];
  },
};

async function measure(
  { server, chain }: Pair,
  { quick, progress }: RowOptions,
  tasks: number,
  chained: boolean,
): Promise<Figure> {
  const watch = pipelineRunWatch(server);
  const [ours, theirs]: [number[], number[]] = [[], []];
  const rounds = quick ? 2 : 5;
  try {
    for (let round = -1; round < rounds; round++) {
      await server.settled();
      const began = performance.now();
      await watch.succeeded(await createPipelineRun(server, tasks, chained));
      const took = performance.now() - began;
      await server.settled();
      const { total } = await chain.run(tasks, chained ? 1 : parallel);
      if (round < 0) continue;
      ours.push(took);
      theirs.push(total / 1000);
    }
  } finally {
    watch.close();
  }
  progress(`${tasks} tasks`);
  const how = chained ? 'one after another' : `${parallel} at a time`;
  return {
    what: `PipelineRun of ${tasks} tasks, ${how}, ÷ chain`,
    value: median(ours.map((time, index) => time / theirs[index]!)),
    unit: 'x',
    details: [`ours ${spread(ours)} ms, chain ${spread(theirs)} ms, ${rounds} pairs by turns`],
  };
}
