/** PipelineRuns over every Client: order, results, and every way to end. Their TaskRuns end as their scripts say. */

import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { CustomRun } from '../../../src/resources/tekton/custom-run.ts';
import type { ParamValue } from '../../../src/resources/tekton/param.ts';
import { Pipeline } from '../../../src/resources/tekton/pipeline.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import type { PipelineSpec, PipelineTask } from '../../../src/resources/tekton/pipeline-spec.ts';
import { Task } from '../../../src/resources/tekton/task.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { startPipelineRunController } from '../../../src/tekton/pipeline-run/pipeline-run-controller.ts';
import { clientSettings } from '../../controllers/clients.ts';
import { untilObject } from '../../controllers/until.ts';
import { startFakeTaskRuns } from '../../support/fake-task-runs.ts';

const settings = clientSettings();
const namespace = 'dev';

/** A task whose TaskRun ends as `line` says, which declares the results that the line has. */
const task = (name: string, line: string, fields: Partial<PipelineTask> = {}): PipelineTask => {
  const results = Object.keys(JSON.parse(/\{.*\}/.exec(line)?.[0] ?? '{}') as object);
  return {
    name,
    taskSpec: {
      ...(results.length === 0 ? {} : { results: results.map((result) => ({ name: result })) }),
      steps: [{ name: 's', image: 'i', script: line }],
    },
    ...fields,
  };
};
const param = (name: string, value: ParamValue) => ({ name, value });

describe.each(Object.keys(settings))('PipelineRuns over the %s client', (name) => {
  let stop: () => Promise<void>;
  let client: Awaited<ReturnType<(typeof settings)[string]>>['honest'];
  let began: readonly string[];
  afterEach(() => stop());

  const start = async () => {
    const setting = await settings[name]!();
    client = setting.honest;
    await client.create(Namespace, { metadata: { name: namespace } });
    const controller = startPipelineRunController({ client: setting.controllers(), clock: systemClock });
    const fake = startFakeTaskRuns(client);
    began = fake.began;
    stop = async () => {
      await Promise.all([controller.stop(), fake.stop()]);
      await setting.close();
    };
  };
  const create = (pipelineSpec: PipelineSpec, fields: Partial<PipelineRun['spec']> = {}) =>
    client.create(PipelineRun, { metadata: { name: 'run', namespace }, spec: { pipelineSpec, ...fields } });
  const until = (accepts: (run: PipelineRun) => boolean, run = 'run') =>
    untilObject(client, PipelineRun, { namespace, name: run }, accepts);
  const outcome = async (run = 'run') => {
    const final = await until(isFinal, run);
    const { status, reason, message } = conditionOf(final, 'Succeeded')!;
    return { final, status, reason, message, skipped: final.status?.skippedTasks ?? [] };
  };
  const taskRun = (run: string) => client.get(TaskRun, { namespace, name: run });
  const cancel = (status: string) =>
    client.patch(PipelineRun, { namespace, name: 'run' }, { type: 'merge', body: { spec: { status } } });

  test('a diamond with results between tasks and out of the Pipeline, each task once', async () => {
    await start();
    await create({
      results: [
        { name: 'sum', value: '$(tasks.d.results.end) $(tasks.a.results.list[1])' },
        { name: 'list', value: '$(tasks.a.results.list[*])' },
      ],
      tasks: [
        task('a', 'ok {"list":["x","y"],"word":"w"}'),
        task('b', 'ok', {
          params: [param('p', '$(tasks.a.results.word)'), param('l', ['0', '$(tasks.a.results.list[*])'])],
        }),
        task('c', 'ok', { runAfter: ['a'] }),
        task('d', 'ok {"end":"done"}', { runAfter: ['b', 'c'] }),
      ],
    });
    const { final, ...rest } = await outcome();
    expect(rest).toMatchObject({
      status: 'True',
      reason: 'Succeeded',
      message: 'Tasks Completed: 4 (Failed: 0, Cancelled 0), Skipped: 0',
    });
    expect(final.status?.results).toEqual([
      { name: 'sum', value: 'done y' },
      { name: 'list', value: ['x', 'y'] },
    ]);
    expect((await taskRun('run-b')).spec.params).toEqual([
      { name: 'p', value: 'w' },
      { name: 'l', value: ['0', 'x', 'y'] },
    ]);
    expect([...began].sort()).toEqual(['run-a', 'run-b', 'run-c', 'run-d']);
    expect(began.at(-1)).toBe('run-d');
    expect(final.status?.childReferences?.map((child) => child.pipelineTaskName)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a failure lets what runs end, skips the rest, and runs what comes finally, which knows how all ended', async () => {
    await start();
    await create({
      tasks: [
        task('bad', 'fail', { displayName: 'The bad one' }),
        task('next', 'ok', { runAfter: ['bad'] }),
        task('further', 'ok', { runAfter: ['next'] }),
      ],
      finally: [
        task('clean', 'ok', {
          params: [param('p', '$(tasks.bad.status) $(tasks.bad.reason) $(tasks.next.status) $(tasks.status)')],
        }),
        task('only-on-success', 'ok', { when: [{ input: '$(tasks.status)', operator: 'in', values: ['Succeeded'] }] }),
      ],
    });
    const { final, skipped, ...rest } = await outcome();
    expect(rest).toMatchObject({
      status: 'False',
      reason: 'Failed',
      message: 'Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 3',
    });
    expect((await taskRun('run-clean')).spec.params).toEqual([{ name: 'p', value: 'Failed StepFailed None Failed' }]);
    expect(skipped).toEqual([
      { name: 'next', reason: 'PipelineRun was stopping' },
      { name: 'further', reason: 'PipelineRun was stopping' },
      {
        name: 'only-on-success',
        reason: 'When Expressions evaluated to false',
        whenExpressions: [{ input: 'Failed', operator: 'in', values: ['Succeeded'] }],
      },
    ]);
    expect(final.status?.finallyStartTime).toBeDefined();
    expect(final.status?.childReferences?.[0]).toMatchObject({ displayName: 'The bad one' });
    expect((await taskRun('run-clean')).metadata.labels).toMatchObject({ 'tekton.dev/memberOf': 'finally' });
  });

  test('when: what is ordered after a skipped task runs, what needs its result is skipped, and what is after that', async () => {
    await start();
    await create({
      tasks: [
        task('off', 'ok {"r":"1"}', { when: [{ input: 'a', operator: 'notin', values: ['a'] }] }),
        task('ordered', 'ok', { runAfter: ['off'] }),
        task('needs', 'ok', { params: [param('p', '$(tasks.off.results.r)')] }),
        task('after-needs', 'ok', { runAfter: ['needs'] }),
        task('cel', 'ok', { when: [{ cel: "'$(params.x)'.startsWith('y')" }] }),
      ],
      params: [{ name: 'x', default: 'yes' }],
      results: [{ name: 'absent', value: '$(tasks.off.results.r)' }],
    });
    const { final, skipped, ...rest } = await outcome();
    expect(rest).toMatchObject({
      status: 'True',
      reason: 'Completed',
      message: 'Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 3',
    });
    expect(skipped.map(({ name: of, reason }) => [of, reason])).toEqual([
      ['off', 'When Expressions evaluated to false'],
      ['needs', 'Results were missing'],
      ['after-needs', 'Parent Tasks were skipped'],
    ]);
    expect([...began].sort()).toEqual(['run-cel', 'run-ordered']);
    expect(final.status?.results).toBeUndefined();
  });

  test('a matrix, its list of results, its length, and an empty one', async () => {
    await start();
    await create({
      params: [{ name: 'empty', type: 'array', default: [] }],
      tasks: [
        task('list', 'ok {"names":["a","b","c"]}'),
        task('each', 'ok {"r":"v"}', {
          displayName: 'Build $(params.name)',
          matrix: {
            params: [param('name', '$(tasks.list.results.names[*])')],
            include: [{ name: 'special $(params.name)', params: [param('name', 'b'), param('flag', '-x')] }],
          },
        }),
        task('all', 'ok', {
          params: [
            param('values', ['$(tasks.each.results.r[*])']),
            param('count', '$(tasks.each.matrix.length)'),
            param('of-result', '$(tasks.each.matrix.r.length)'),
          ],
        }),
        task('none', 'ok', { matrix: { params: [param('p', ['$(params.empty[*])'])] } }),
      ],
    });
    const { final, skipped, ...rest } = await outcome();
    expect(rest).toMatchObject({ status: 'True', reason: 'Completed' });
    expect(skipped).toEqual([{ name: 'none', reason: 'Matrix Parameters have an empty array' }]);
    expect((await taskRun('run-all')).spec.params).toEqual([
      { name: 'values', value: ['v', 'v', 'v'] },
      { name: 'count', value: '3' },
      { name: 'of-result', value: '3' },
    ]);
    const each = final.status?.childReferences?.filter((child) => child.pipelineTaskName === 'each');
    expect(each?.map((child) => [child.name, child.displayName])).toEqual([
      ['run-each-0', 'Build a'],
      ['run-each-1', 'special b'],
      ['run-each-2', 'Build c'],
    ]);
    expect((await taskRun('run-each-1')).spec.params).toEqual([
      { name: 'flag', value: '-x' },
      { name: 'name', value: 'b' },
    ]);
  });

  test('a name that is shown waits for no result, and has it once it is there', async () => {
    await start();
    const shown = task('shown', 'ok', { displayName: 'After $(tasks.named.results.word)' });
    await create({ tasks: [shown, task('named', 'wait {"word":"w"}'), task('last', 'ok', { runAfter: ['shown'] })] });
    await until(
      ({ status }) => status?.childReferences?.some(({ pipelineTaskName }) => pipelineTaskName === 'last') ?? false,
    );
    const shownAs = ({ status }: PipelineRun) => status?.childReferences?.[0]?.displayName;
    expect(shownAs(await client.get(PipelineRun, { namespace, name: 'run' }))).toBe(
      'After $(tasks.named.results.word)',
    );
    await cancel('Cancelled');
    expect(shownAs((await outcome()).final)).toBe('After w');
  });

  test('onError: continue: the run goes on, and counts the failure as ignored', async () => {
    await start();
    await create({
      tasks: [
        task('shaky', 'fail {"r":"left"}', { onError: 'continue' }),
        task('next', 'ok', { runAfter: ['shaky'], params: [param('p', '$(tasks.shaky.results.r)')] }),
      ],
      finally: [task('last', 'ok', { params: [param('p', '$(tasks.shaky.reason)')] })],
    });
    expect(await outcome()).toMatchObject({
      status: 'True',
      reason: 'Succeeded',
      message: 'Tasks Completed: 3 (Failed: 1 (Ignored: 1), Cancelled 0), Skipped: 0',
    });
    expect((await taskRun('run-last')).spec.params).toEqual([{ name: 'p', value: 'FailureIgnored' }]);
    expect((await taskRun('run-next')).spec.params).toEqual([{ name: 'p', value: 'left' }]);
  });

  test('a result that was promised and not left ends the run, and says so', async () => {
    await start();
    const producer = task('a', 'ok');
    await create({
      tasks: [
        { ...producer, taskSpec: { ...producer.taskSpec, results: [{ name: 'r' }] } },
        task('b', 'ok', { params: [param('p', '$(tasks.a.results.r)')] }),
      ],
    });
    expect(await outcome()).toMatchObject({
      status: 'False',
      reason: 'PipelineValidationFailed',
      message:
        'Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 0, Failed Validation: 1 (task "a" completed successfully but did not emit the result "r", which is referenced by task "b")',
    });
  });

  test.each<[string, string, string, string[]]>([
    ['Cancelled', 'Cancelled', 'PipelineRun "run" was cancelled', ['run-long']],
    ['CancelledRunFinally', 'Cancelled', 'PipelineRun "run" was cancelled', ['run-clean', 'run-long']],
  ])('%s', async (status, reason, message, ran) => {
    await start();
    await create({
      tasks: [task('long', 'wait'), task('next', 'ok', { runAfter: ['long'] })],
      finally: [task('clean', 'ok')],
    });
    await until((run) => (run.status?.childReferences ?? []).length === 1);
    await cancel(status);
    expect(await outcome()).toMatchObject({ status: 'False', reason, message });
    expect([...began].sort()).toEqual(ran);
    expect((await taskRun('run-long')).spec).toMatchObject({
      status: 'TaskRunCancelled',
      statusMessage: 'TaskRun cancelled as the PipelineRun it belongs to has been cancelled.',
    });
  });

  test('a result turns out to be of another type than the task takes: the run ends there', async () => {
    await start();
    const taskSpec = { params: [{ name: 'p', type: 'string' }], steps: [{ name: 's', image: 'i', script: 'ok' }] };
    const asks = { name: 'asks', taskSpec, params: [param('p', '$(tasks.list.results.l)')] };
    await create({ tasks: [task('list', 'ok {"l":["x","y"]}'), asks as never] });
    const { reason, message } = await outcome();
    expect({ reason, message }).toEqual({
      reason: 'PipelineValidationFailed',
      message:
        "[User error] Validation failed for pipelinerun run with error invalid input params for task : param types don't match the user-specified type: [p]",
    });
    expect(began).toEqual(['run-list']);
  });

  test.each(['tasks', 'finally'] as const)(
    'a list of results is shorter than %s ask for: the run ends there',
    async (place) => {
      await start();
      const asks = task('asks', 'ok', { params: [param('p', '$(tasks.list.results.l[2])')] });
      const last = task('last', 'ok');
      await create({
        tasks: [task('list', 'ok {"l":["x","y"]}'), ...(place === 'tasks' ? [asks] : [])],
        finally: place === 'tasks' ? [last] : [asks, last],
      });
      const { final, reason, message } = await outcome();
      expect({ reason, message }).toEqual({
        reason: 'PipelineValidationFailed',
        message:
          "[User error] PipelineRun dev/run can't be Run; couldn't resolve all references: array Result Index 2 for Task list Result l is out of bound of size 2",
      });
      expect(began).toEqual(['run-list']);
      expect(final.status?.childReferences?.map(({ name }) => name)).toEqual(['run-list']);
    },
  );

  test('pending: nothing until it is let go', async () => {
    await start();
    await create({ tasks: [task('a', 'ok')] }, { status: 'PipelineRunPending' });
    const held = await until((run) => conditionOf(run, 'Succeeded') !== undefined);
    expect(conditionOf(held, 'Succeeded')).toMatchObject({ status: 'Unknown', reason: 'PipelineRunPending' });
    expect(held.status?.startTime).toBeUndefined();
    await cancel('');
    expect(await outcome()).toMatchObject({ status: 'True' });
  });

  test('the tasks’ time is over: they end, what comes finally runs, the run has failed', async () => {
    await start();
    await create(
      { tasks: [task('long', 'wait')], finally: [task('clean', 'ok')] },
      { timeouts: { pipeline: '1h', tasks: '50ms' } },
    );
    expect(await outcome()).toMatchObject({
      status: 'False',
      reason: 'PipelineRunTimeout',
      message: 'PipelineRun "run" failed due to tasks failed to finish within "50ms"',
    });
    expect([...began].sort()).toEqual(['run-clean', 'run-long']);
    expect((await taskRun('run-long')).spec.statusMessage).toBe(
      'TaskRun cancelled as the PipelineRun it belongs to has timed out.',
    );
  });

  test('the run’s time is over: all ends, and nothing comes after it', async () => {
    await start();
    await create({ tasks: [task('long', 'wait')], finally: [task('clean', 'ok')] }, { timeouts: { pipeline: '50ms' } });
    expect(await outcome()).toMatchObject({
      reason: 'PipelineRunTimeout',
      message: 'PipelineRun "run" failed to finish within "50ms"',
      skipped: [{ name: 'clean', reason: 'PipelineRun timeout has been reached' }],
    });
    expect(began).toEqual(['run-long']);
  });

  test('a Pipeline and its Tasks by reference; params with defaults, into embedded specs and out of sight', async () => {
    await start();
    await client.create(Task, {
      metadata: { name: 'say', namespace },
      spec: {
        params: [{ name: 'text' }],
        results: [{ name: 'r' }],
        steps: [{ image: 'i', script: 'ok' }],
      },
    });
    await client.create(Pipeline, {
      metadata: { name: 'greet', namespace, labels: { team: 'x' }, annotations: { note: 'y' } },
      spec: {
        params: [
          { name: 'who', default: 'world' },
          { name: 'greeting', default: 'hello $(params.who)' },
        ],
        tasks: [
          { name: 'ref', taskRef: { name: 'say' }, params: [param('text', '$(params.greeting)')] },
          task('embedded', 'ok', {
            taskSpec: {
              metadata: { labels: { own: 'label' } },
              steps: [{ image: '$(params.who)', script: 'ok', args: ['$(context.pipeline.name)'] }],
            },
          }),
        ],
      },
    });
    await client.create(PipelineRun, {
      metadata: { name: 'run', namespace },
      spec: {
        pipelineRef: { name: 'greet' },
        params: [param('who', 'you'), param('undeclared', 'fine')],
        taskRunTemplate: { serviceAccountName: 'sa', podTemplate: { nodeSelector: { a: 'b' } } },
        taskRunSpecs: [
          {
            pipelineTaskName: 'ref',
            serviceAccountName: 'other',
            timeout: '5m0s',
            podTemplate: { env: [{ name: 'WHO', value: '$(params.who)' }] },
            metadata: { labels: { extra: 'yes' } },
          },
        ],
      },
    });
    const { final, status } = await outcome();
    expect(status).toBe('True');
    expect(final.metadata.labels).toMatchObject({ team: 'x', 'tekton.dev/pipeline': 'greet' });
    expect(final.metadata.annotations).toMatchObject({ note: 'y' });
    expect(final.status?.pipelineSpec?.tasks?.[0]?.params).toEqual([{ name: 'text', value: 'hello you' }]);
    const ref = await taskRun('run-ref');
    expect(ref.spec).toMatchObject({
      taskRef: { name: 'say' },
      params: [{ name: 'text', value: 'hello you' }],
      serviceAccountName: 'other',
      timeout: '5m0s',
      podTemplate: { nodeSelector: { a: 'b' }, env: [{ name: 'WHO', value: 'you' }] },
    });
    expect(ref.metadata.labels).toMatchObject({
      extra: 'yes',
      team: 'x',
      'tekton.dev/pipeline': 'greet',
      'tekton.dev/pipelineRun': 'run',
      'tekton.dev/pipelineTask': 'ref',
      'tekton.dev/memberOf': 'tasks',
    });
    const embedded = await taskRun('run-embedded');
    expect(embedded.spec.taskSpec?.steps?.[0]).toMatchObject({ image: 'you', args: ['greet'] });
    expect(embedded.spec).toMatchObject({ serviceAccountName: 'sa' });
    expect(embedded.metadata.labels).toMatchObject({ own: 'label' });
  });

  test('a Pipeline within a Pipeline, and none within itself', async () => {
    await start();
    await client.create(Pipeline, {
      metadata: { name: 'inner', namespace },
      spec: {
        params: [{ name: 'p' }],
        results: [{ name: 'out', value: '$(tasks.x.results.r)' }],
        tasks: [task('x', 'ok {"r":"from within"}', { params: [param('p', '$(params.p)')] })],
      },
    });
    await create({
      results: [{ name: 'outer', value: '$(tasks.in.results.out)' }],
      tasks: [
        { name: 'in', pipelineRef: { name: 'inner' }, params: [param('p', '1')] },
        task('after', 'ok', { params: [param('q', '$(tasks.in.results.out)')] }),
      ],
    });
    const { final, status } = await outcome();
    expect(status).toBe('True');
    expect(final.status?.results).toEqual([{ name: 'outer', value: 'from within' }]);
    expect((await taskRun('run-after')).spec.params).toEqual([{ name: 'q', value: 'from within' }]);
    expect(final.status?.childReferences?.[0]).toMatchObject({ kind: 'PipelineRun', name: 'run-in' });
    expect((await taskRun('run-in-x')).spec.params).toEqual([{ name: 'p', value: '1' }]);
    const within = await client.get(PipelineRun, { namespace, name: 'run-in' });
    expect(within.status?.results).toEqual([{ name: 'out', value: 'from within' }]);
    expect(within.metadata.labels).toMatchObject({ 'tekton.dev/pipeline': 'inner', 'tekton.dev/pipelineTask': 'in' });
    await client.create(Pipeline, {
      metadata: { name: 'loop', namespace },
      spec: { tasks: [{ name: 'again', pipelineRef: { name: 'loop' } }] },
    });
    await client.create(PipelineRun, {
      metadata: { name: 'looping', namespace },
      spec: { pipelineRef: { name: 'loop' } },
    });
    expect(await outcome('looping')).toMatchObject({
      reason: 'CreateRunFailed',
      message: expect.stringContaining('pipeline "loop" is already running'),
    });
  });

  test('custom tasks: made, their results used, cancelled', async () => {
    await start();
    const custom = (what: string) => ({ apiVersion: 'example.dev/v1', kind: 'Wait', spec: { do: what } });
    await create({
      tasks: [
        {
          name: 'own',
          taskSpec: { ...custom('ok {"r":"mine"}'), metadata: { labels: { own: 'yes' } } },
          retries: 2,
          timeout: '1m',
        },
        task('use', 'ok', { params: [param('p', '$(tasks.own.results.r)')] }),
        { name: 'long', taskRef: { apiVersion: 'example.dev/v1', kind: 'Wait', name: 'x' }, runAfter: ['use'] },
        { name: 'waits', taskSpec: custom('wait') },
      ],
    });
    await untilObject(client, CustomRun, { namespace, name: 'run-waits' }, () => true);
    await untilObject(client, CustomRun, { namespace, name: 'run-long' }, () => true);
    const own = await client.get(CustomRun, { namespace, name: 'run-own' });
    expect(own.spec).toMatchObject({
      retries: 2,
      timeout: '1m0s',
      customSpec: { metadata: { labels: { own: 'yes' } } },
    });
    expect(own.metadata.labels).not.toHaveProperty('own');
    expect((await client.get(CustomRun, { namespace, name: 'run-long' })).spec.customRef).toMatchObject({ name: 'x' });
    expect((await taskRun('run-use')).spec.params).toEqual([{ name: 'p', value: 'mine' }]);
    await cancel('Cancelled');
    expect(await outcome()).toMatchObject({ reason: 'Cancelled' });
    expect((await client.get(CustomRun, { namespace, name: 'run-waits' })).spec).toMatchObject({
      status: 'RunCancelled',
      statusMessage: 'CustomRun cancelled as the PipelineRun it belongs to has been cancelled.',
    });
  });

  test('runs with one key wait for each other, in their order; which one is told', async () => {
    await start();
    const make = (run: string) =>
      client.create(PipelineRun, {
        metadata: { name: run, namespace, labels: { 'kf.dev/concurrency-key': 'deploy' } },
        spec: { pipelineSpec: { tasks: [task('t', 'wait')] } },
      });
    for (const run of ['first', 'second', 'third']) await make(run);
    const held = (run: string) => until((object) => conditionOf(object, 'Succeeded')?.reason === 'Pending', run);
    expect(conditionOf(await held('second'), 'Succeeded')).toMatchObject({
      status: 'Unknown',
      message:
        'WaitingForTurn: waits for PipelineRun "first": of those with kf.dev/concurrency-key "deploy" 1 runs at a time',
    });
    expect((await held('third')).status?.startTime).toBeUndefined();
    const end = (run: string) =>
      client.patch(PipelineRun, { namespace, name: run }, { type: 'merge', body: { spec: { status: 'Cancelled' } } });
    for (const [index, run] of ['first', 'second', 'third'].entries()) {
      await until((object) => (object.status?.childReferences ?? []).length === 1, run);
      expect(began.length).toBeLessThanOrEqual(index + 1);
      await end(run);
      await outcome(run);
    }
    expect(began).toEqual(['first-t', 'second-t', 'third-t']);
    expect((await taskRun('first-t')).metadata.labels).not.toHaveProperty('kf.dev/concurrency-key');
  });

  test('one that waits for its turn can be cancelled', async () => {
    await start();
    for (const run of ['run', 'waits'])
      await client.create(PipelineRun, {
        metadata: { name: run, namespace, labels: { 'kf.dev/concurrency-key': 'k' } },
        spec: { pipelineSpec: { tasks: [task('t', 'wait')] } },
      });
    await until((object) => conditionOf(object, 'Succeeded')?.reason === 'Pending', 'waits');
    await client.patch(
      PipelineRun,
      { namespace, name: 'waits' },
      { type: 'merge', body: { spec: { status: 'Cancelled' } } },
    );
    expect(await outcome('waits')).toMatchObject({ reason: 'Cancelled' });
    await cancel('Cancelled');
    await outcome();
    expect(began).toEqual(['run-t']);
  });

  test('one that is let go while others start: never more at a time than the limit', async () => {
    await start();
    const make = (run: string, status?: 'PipelineRunPending') =>
      client.create(PipelineRun, {
        metadata: { name: run, namespace, labels: { 'kf.dev/concurrency-key': 'k' } },
        spec: { pipelineSpec: { tasks: [task('t', 'ok')] }, ...(status === undefined ? {} : { status }) },
      });
    const stop = new AbortController();
    const running = new Set<string>();
    let most = 0;
    const watching = (async () => {
      for await (const { object } of client.watch(PipelineRun, { namespace, signal: stop.signal })) {
        if (isFinal(object)) running.delete(object.metadata.name);
        else if (object.status?.startTime !== undefined) running.add(object.metadata.name);
        most = Math.max(most, running.size);
      }
    })();
    const rounds = ['a', 'b', 'c', 'd'];
    for (const round of rounds) {
      await make(`${round}-old`, 'PipelineRunPending');
      await Promise.all([
        make(`${round}-new`),
        client.patch(
          PipelineRun,
          { namespace, name: `${round}-old` },
          { type: 'merge', body: { spec: { status: null } } },
        ),
      ]);
    }
    for (const round of rounds) for (const run of ['old', 'new']) await outcome(`${round}-${run}`);
    stop.abort();
    await watching;
    expect(most).toBe(1);
  });

  test('a failed run is run again from its failed tasks: results of the others are taken over', async () => {
    await start();
    const tasks = (line: string): PipelineTask[] => [
      task('a', 'ok {"r":"made once"}'),
      task('shaky', 'fail', { onError: 'continue' }),
      task('after-shaky', 'ok', { runAfter: ['shaky'] }),
      task('b', line, { params: [param('p', '$(tasks.a.results.r)')] }),
      task('c', 'ok', { runAfter: ['b'] }),
      task('off', 'ok', { runAfter: ['a'], when: [{ input: 'a', operator: 'in', values: ['b'] }] }),
      task('after-off', 'ok', { runAfter: ['off'] }),
    ];
    const results = [{ name: 'out', value: '$(tasks.a.results.r)' }];
    await create({ tasks: tasks('fail'), results, finally: [task('last', 'ok')] });
    expect((await outcome()).reason).toBe('Failed');
    const rerun = (run: string, of: string, line: string) =>
      client.create(PipelineRun, {
        metadata: { name: run, namespace, annotations: { 'kf.dev/rerun-of': of } },
        spec: { pipelineSpec: { tasks: tasks(line), results, finally: [task('last', 'ok')] } },
      });
    await rerun('second', 'run', 'fail');
    const second = await outcome('second');
    expect(second.reason).toBe('Failed');
    await rerun('third', 'second', 'ok');
    const third = await outcome('third');
    expect(third).toMatchObject({
      status: 'True',
      reason: 'Completed',
      final: { status: { rerunOf: { name: 'second' }, results: [{ name: 'out', value: 'made once' }] } },
    });
    expect(third.message).toMatch(/, Skipped: 1, Reused: \d$/);
    expect((await taskRun('third-b')).spec.params).toEqual([{ name: 'p', value: 'made once' }]);
    expect(third.final.status?.reusedTasks?.find((one) => one.name === 'a')).toMatchObject({
      pipelineRun: 'run',
      runs: [{ kind: 'TaskRun', name: 'run-a', results: [{ name: 'r', value: 'made once' }] }],
    });
    const ran = began.filter((one) => one.startsWith('third-')).sort();
    expect(ran).toEqual(
      expect.arrayContaining(['third-b', 'third-c', 'third-last', 'third-shaky', 'third-after-shaky']),
    );
    expect(ran).not.toContain('third-a');
    expect(third.final.metadata.annotations).toMatchObject({ 'kf.dev/rerun-of': 'second' });
    expect((await taskRun('third-b')).metadata.annotations ?? {}).not.toHaveProperty('kf.dev/rerun-of');
    await rerun('fourth', 'third', 'ok');
    expect(await outcome('fourth')).toMatchObject({
      reason: 'PipelineValidationFailed',
      message: 'kf.dev/rerun-of: PipelineRun "third" has succeeded: there is nothing to run again',
    });
    await rerun('fifth', 'nobody', 'ok');
    expect((await outcome('fifth')).message).toBe('kf.dev/rerun-of: PipelineRun "nobody" does not exist');
  });
});
