/** The server is killed all the way through PipelineRuns of 30 tasks: every step runs once, every run has the same results. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { isAlreadyExists } from '../../src/resources/status.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import type { PipelineSpec, PipelineTask } from '../../src/resources/tekton/pipeline-spec.ts';
import type { Step } from '../../src/resources/tekton/step.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { Kf } from '../support/kf.ts';
import { asking } from '../support/kf-tasks.ts';
import { instanceOf, machineState, nothing } from '../support/machine-state.ts';
import { slowness } from '../support/slowness.ts';

/** How often the server is killed. */
const kills = Number(process.env.KF_KILLS ?? 50);
/** What TaskRuns have to tell from a start to the next kill, at most; one run has about 200 such news. */
const mostNews = 7;

const namespace = 'killed';
let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.ok('create-space', namespace);
});
afterAll(() => kf.remove());

const [rows, columns] = [9, 3];
const at = (row: number, column: number): string => `r${row}c${column}`;

/** Leaves a line in a file of its own: two, if it were started twice. */
const marking = (name: string, script: string): Step => ({
  name,
  image: 'kf.local/stack/host',
  script: `echo ran >> $(workspaces.marks.path)/$(context.taskRun.name)-${name}\nsleep 0.1\n${script}`,
});

/** Its result is what it is given, and one more. */
const counting = (name: string, given: string): PipelineTask => ({
  name,
  params: [{ name: 'given', value: given }],
  workspaces: [{ name: 'marks' }],
  taskSpec: {
    params: [{ name: 'given' }],
    workspaces: [{ name: 'marks' }],
    results: [{ name: 'count' }],
    steps: [
      marking('first', 'true'),
      marking('second', 'printf %s $(( $(params.given) + 1 )) > $(results.count.path)'),
    ],
  },
});

/** One, then rows of three beside each other that hand their results down, their sum, and what comes finally. */
const pipelineSpec: PipelineSpec = {
  workspaces: [{ name: 'marks' }],
  tasks: [
    counting('begin', '0'),
    ...Array.from({ length: rows * columns }, (_, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      return counting(at(row, column), `$(tasks.${row === 0 ? 'begin' : at(row - 1, column)}.results.count)`);
    }),
    counting(
      'sum',
      Array.from({ length: columns }, (_, column) => `$(tasks.${at(rows - 1, column)}.results.count)`).join(' + '),
    ),
  ],
  finally: [
    {
      name: 'marks',
      workspaces: [{ name: 'marks' }],
      taskSpec: {
        workspaces: [{ name: 'marks' }],
        results: [{ name: 'files' }, { name: 'lines' }],
        steps: [
          {
            name: 'look',
            image: 'kf.local/stack/host',
            script:
              'cd $(workspaces.marks.path)\nls | wc -l | tr -d "\\n" > $(results.files.path)\ncat * | wc -l | tr -d "\\n" > $(results.lines.path)',
          },
        ],
      },
    },
  ],
  results: [
    { name: 'sum', value: '$(tasks.sum.results.count)' },
    { name: 'files', value: '$(finally.marks.results.files)' },
    { name: 'lines', value: '$(finally.marks.results.lines)' },
  ],
};
const steps = 2 * (rows * columns + 2);
const expected = [
  { name: 'sum', value: String((rows + 1) * columns + 1) },
  // ext4's lost+found is a folder of the volume's, not a file that cat would read.
  { name: 'files', value: String(steps) },
  { name: 'lines', value: String(steps) },
];

const draft = (name: string) => ({
  metadata: { name, namespace },
  spec: {
    pipelineSpec,
    workspaces: [
      {
        name: 'marks',
        volumeClaimTemplate: {
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Mi' } } },
        },
      },
    ],
  },
});

const create = (name: string): Promise<unknown> =>
  asking(kf, async (client) => {
    try {
      return await client.create(PipelineRun, draft(name));
    } catch (error) {
      if (isAlreadyExists(error)) return undefined;
      throw error;
    }
  });

/** After so many further states of the run's TaskRuns, or its end. */
async function news(name: string, count: number): Promise<void> {
  const seen = new Set<string>();
  while (seen.size < count)
    await asking(kf, async (client) => {
      const run = await client.get(PipelineRun, { namespace, name });
      if (isFinal(run)) count = 0;
      const options = { namespace, labelSelector: `tekton.dev/pipelineRun=${name}` };
      const signal = AbortSignal.timeout(2_000);
      const resourceVersion = run.metadata.resourceVersion!;
      try {
        for await (const { object } of client.watch(TaskRun, { ...options, resourceVersion, signal }))
          if (seen.add(`${object.metadata.resourceVersion}`).size >= count) return;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    });
}

/** How far a run is, in the words of the histogram. */
async function phaseOf(name: string): Promise<string> {
  return asking(kf, async (client) => {
    const run = await client.get(PipelineRun, { namespace, name });
    if (isFinal(run)) return 'ended';
    const { items } = await client.list(TaskRun, { namespace, labelSelector: `tekton.dev/pipelineRun=${name}` });
    const ended = items.filter(isFinal).length;
    const starting = items.some((one) => !isFinal(one) && conditionOf(one, 'Succeeded')?.reason !== 'Running');
    const from = Math.floor(ended / 10) * 10;
    const doing = items.length === ended ? 'between tasks' : starting ? 'a step is being started' : 'steps run';
    return `${from}–${from + 9} tasks done, ${doing}`;
  });
}

const final = (name: string): Promise<PipelineRun> =>
  asking(kf, async (client) => {
    const read = await client.get(PipelineRun, { namespace, name });
    if (isFinal(read)) return read;
    const { resourceVersion } = read.metadata;
    const options = { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion: resourceVersion! };
    for await (const { object } of client.watch(PipelineRun, options)) if (isFinal(object)) return object;
    throw new Error('the watch ended');
  });

const failures = (name: string): Promise<readonly string[]> =>
  asking(kf, async (client) => {
    const { items } = await client.list(TaskRun, { namespace, labelSelector: `tekton.dev/pipelineRun=${name}` });
    return items
      .filter((one) => conditionOf(one, 'Succeeded')?.status !== 'True')
      .map(
        (one) => `${one.metadata.name}: ${JSON.stringify(one.status?.conditions)} ${JSON.stringify(one.status?.steps)}`,
      );
  });

test(
  `${kills} × kill -9 through PipelineRuns of 30 tasks`,
  async () => {
    const histogram = new Map<string, number>();
    const names: string[] = [];
    for (let done = 0; done < kills; ) {
      const name = `run-${names.length}`;
      names.push(name);
      const making = create(name);
      for (; done < kills; done++) {
        await making;
        await news(name, Math.floor(Math.random() * (mostNews + 1)));
        const phase = await phaseOf(name);
        if (phase === 'ended') break;
        histogram.set(phase, (histogram.get(phase) ?? 0) + 1);
        await kf.killServer();
        await kf.ok('server', 'start');
      }
    }
    const lines = [...histogram].sort().map(([phase, count]) => `${String(count).padStart(3)}  ${phase}`);
    console.log(`${kills} kills through ${names.length} runs:\n${lines.join('\n')}`);
    for (const name of names) {
      const run = await final(name);
      expect(await failures(name)).toEqual([]);
      expect(conditionOf(run, 'Succeeded'), name).toMatchObject({ status: 'True', reason: 'Succeeded' });
      expect(run.status?.results, name).toEqual(expected);
    }
    const instance = instanceOf(kf.dataDir);
    await expect.poll(() => machineState(instance).volatileFiles).toEqual([]);
    await kf.ok('server', 'stop');
    expect(machineState(instance)).toEqual(nothing);
  },
  (180_000 + kills * 10_000) * slowness,
);
