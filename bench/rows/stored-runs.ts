/** Finished runs stored and listed. */

import type { AnyKind } from '../../src/client/client.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { outputOf, succeed } from '../support/processes.ts';
import type { Figure, Row } from '../support/row.ts';
import { BenchServer, space } from '../support/server.ts';
import { median, spread } from '../support/statistics.ts';
import { storedTasks } from '../support/stored-tasks.ts';

const count = 2000;

export const storedRuns: Row = {
  name: 'stored-runs',
  what: '2,000 finished PipelineRuns with their TaskRuns stored: lists of both',
  async run({ workspace, quick }) {
    const server = await BenchServer.start(workspace, { home: await storedTasks(workspace, count) });
    try {
      const kubectl = process.env.KF_KUBECTL ?? 'kubectl';
      const version = (await outputOf(kubectl, ['version', '--client']))?.split('\n')[0];
      const figures: Figure[] = [];
      for (const kind of [PipelineRun, TaskRun] as readonly AnyKind[]) {
        const [whole, listed]: [number[], number[]] = [[], []];
        for (let index = -1; index < (quick ? 4 : 10); index++) {
          const began = performance.now();
          const { items } = await server.client.list(kind, { namespace: space });
          const took = performance.now() - began;
          if (items.length < count) throw new Error(`${items.length} ${kind.plural} listed`);
          if (index >= 0) whole.push(took);
          if (version === undefined) continue;
          const got = await succeed(kubectl, ['get', `${kind.plural}.tekton.dev`, '-n', space], server.env);
          if (index >= 0) listed.push(got.milliseconds);
        }
        figures.push({
          what: `list of ${count} ${kind.plural}, all fields`,
          value: median(whole),
          unit: 'ms',
          details: [
            `${spread(whole)} ms over HTTPS`,
            ...(version === undefined ? [] : [`kubectl get, whole command: ${spread(listed)} ms (${version})`]),
          ],
        });
      }
      return figures;
    } finally {
      await server.stop();
    }
  },
};
