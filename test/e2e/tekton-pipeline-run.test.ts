/** PipelineRuns in real containers: results, volumes and order are those of real files and processes. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpClient } from '../../src/client/http/http-client.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import type { Param } from '../../src/resources/tekton/param.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import type { PipelineSpec, PipelineTask } from '../../src/resources/tekton/pipeline-spec.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { untilObject } from '../controllers/until.ts';
import { Kf } from '../support/kf.ts';

const namespace = 'pipelines';
let kf: Kf;
let client: HttpClient;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.ok('create-space', namespace);
  client = await kf.client();
});
afterAll(async () => {
  client.close();
  await kf.remove();
});

const run = (name: string, pipelineSpec: PipelineSpec, fields: Partial<PipelineRun['spec']> = {}) =>
  client.create(PipelineRun, { metadata: { name, namespace }, spec: { pipelineSpec, ...fields } });
const until = (name: string, accepts: (object: PipelineRun) => boolean) =>
  untilObject(client, PipelineRun, { namespace, name }, accepts);

const task = (
  name: string,
  script: string,
  { results, taskParams, ...fields }: Partial<PipelineTask> & { results?: string[]; taskParams?: string[] } = {},
): PipelineTask => ({
  name,
  taskSpec: {
    ...(results === undefined
      ? {}
      : {
          results: results.map((result) => ({
            name: result.replace('[]', ''),
            ...(result.endsWith('[]') ? { type: 'array' } : {}),
          })),
        }),
    ...(taskParams === undefined
      ? {}
      : {
          params: taskParams.map((param) => ({
            name: param.replace('[]', ''),
            ...(param.endsWith('[]') ? { type: 'array' } : {}),
          })),
        }),
    steps: [{ name: 's', image: 'kf.local/stack/host', script }],
  },
  ...fields,
});
const param = (name: string, value: Param['value']): Param => ({ name, value });

test('results, a matrix, when, a shared volume and what comes finally', async () => {
  await run(
    'whole',
    {
      params: [{ name: 'greeting', default: 'hello' }],
      workspaces: [{ name: 'shared' }],
      tasks: [
        task('list', `printf '["a","b","c"]' > $(results.names.path); printf 3 > $(results.count.path)`, {
          results: ['names[]', 'count'],
        }),
        task(
          'each',
          'echo "$(params.greeting) $(params.name)" > $(workspaces.shared.path)/$(params.name); printf %s "$(params.name)!" > $(results.said.path)',
          {
            matrix: { params: [param('name', '$(tasks.list.results.names[*])')] },
            taskParams: ['name'],
            results: ['said'],
          },
        ),
        task('off', 'exit 9', { when: [{ input: '$(tasks.list.results.count)', operator: 'notin', values: ['3'] }] }),
        task(
          'gather',
          `cat $(workspaces.shared.path)/*; printf '%s' "$(cat $(workspaces.shared.path)/* | wc -l) $*" > $(results.all.path)`,
          {
            taskParams: ['said[]'],
            params: [param('said', ['$(tasks.each.results.said[*])'])],
            results: ['all'],
            runAfter: ['off'],
          },
        ),
      ],
      finally: [
        task('last', 'test "$(params.how)" = "Completed Succeeded None"', {
          taskParams: ['how'],
          params: [param('how', '$(tasks.status) $(tasks.gather.status) $(tasks.off.status)')],
        }),
      ],
      results: [{ name: 'all', value: '$(tasks.gather.results.all)' }],
    },
    {
      workspaces: [
        {
          name: 'shared',
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } } },
          },
        },
      ],
    },
  );
  const final = await until('whole', isFinal);
  expect(conditionOf(final, 'Succeeded')).toMatchObject({
    status: 'True',
    reason: 'Completed',
    message: 'Tasks Completed: 4 (Failed: 0, Cancelled 0), Skipped: 1',
  });
  expect(final.status?.results).toEqual([{ name: 'all', value: '3 ' }]);
  expect(final.status?.childReferences?.map(({ name }) => name)).toEqual([
    'whole-list',
    'whole-each-0',
    'whole-each-1',
    'whole-each-2',
    'whole-gather',
    'whole-last',
  ]);
  const gather = await client.get(TaskRun, { namespace, name: 'whole-gather' });
  expect(gather.spec.params).toEqual([{ name: 'said', value: ['a!', 'b!', 'c!'] }]);
});

test('a failure that is ignored, one that is tried again, and one that ends the run', async () => {
  await run('failing', {
    tasks: [
      task('shaky', 'exit 3', { onError: 'continue' }),
      task('again', 'test $(context.task.retry-count) = 1', { retries: 1, runAfter: ['shaky'] }),
      task('bad', 'exit 5', { runAfter: ['again'] }),
      task('never', 'true', { runAfter: ['bad'] }),
    ],
    finally: [task('clean', 'true')],
  });
  const final = await until('failing', isFinal);
  expect(conditionOf(final, 'Succeeded')).toMatchObject({
    status: 'False',
    reason: 'Failed',
    message: 'Tasks Completed: 4 (Failed: 2 (Ignored: 1), Cancelled 0), Skipped: 1',
  });
  expect(final.status?.skippedTasks).toEqual([{ name: 'never', reason: 'PipelineRun was stopping' }]);
});

test('cancelled: what runs is stopped before the run is over, and what comes finally runs', async () => {
  await run('long', { tasks: [task('sleeps', 'sleep 1000')], finally: [task('clean', 'true')] });
  await untilObject(
    client,
    TaskRun,
    { namespace, name: 'long-sleeps' },
    (child) => child.status?.steps?.[0]?.running !== undefined,
  );
  const body = { spec: { status: 'CancelledRunFinally' } };
  await client.patch(PipelineRun, { namespace, name: 'long' }, { type: 'merge', body });
  const final = await until('long', isFinal);
  expect(conditionOf(final, 'Succeeded')).toMatchObject({
    reason: 'Cancelled',
    message: 'PipelineRun "long" was cancelled',
  });
  const child = await client.get(TaskRun, { namespace, name: 'long-sleeps' });
  expect(conditionOf(child, 'Succeeded')).toMatchObject({ reason: 'TaskRunCancelled' });
  expect(conditionOf(await client.get(TaskRun, { namespace, name: 'long-clean' }), 'Succeeded')).toMatchObject({
    status: 'True',
  });
});

test('the server killed in the middle: every task once, and the same end', async () => {
  const script = 'echo ran >> $(workspaces.shared.path)/$(context.taskRun.name); sleep 0.3';
  await run(
    'killed',
    {
      workspaces: [{ name: 'shared' }],
      tasks: Array.from({ length: 6 }, (_, index) =>
        task(`t${index}`, script, index < 2 ? {} : { runAfter: [`t${index - 2}`] }),
      ),
      finally: [
        task('count', 'cat $(workspaces.shared.path)/* | wc -l | tr -d "\\n " > $(results.lines.path)', {
          results: ['lines'],
        }),
      ],
      results: [{ name: 'lines', value: '$(finally.count.results.lines)' }],
    },
    {
      workspaces: [
        {
          name: 'shared',
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } } },
          },
        },
      ],
    },
  );
  await until('killed', (object) => (object.status?.childReferences ?? []).length >= 4);
  await kf.killServer();
  client.close();
  await kf.ok('spaces');
  client = await kf.client();
  const final = await until('killed', isFinal);
  const { items } = await client.list(TaskRun, { namespace });
  const failures = items
    .filter(({ metadata }) => metadata.name.startsWith('killed-'))
    .map((child) => conditionOf(child, 'Succeeded'))
    .filter((condition) => condition?.status !== 'True');
  expect(failures).toEqual([]);
  expect(conditionOf(final, 'Succeeded')).toMatchObject({ status: 'True' });
  expect(final.status?.results).toEqual([{ name: 'lines', value: '6' }]);
});
