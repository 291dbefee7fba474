import { describe, expect, test } from 'vitest';
import type { StepActionSpec } from '../../../src/resources/tekton/step-action.ts';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { checkRun } from '../../../src/tekton/task-run/substitute.ts';
import { orderIn, podFor, specOf, steps, taskRun } from './task-runs.ts';

const scriptOf = (spec: Partial<TaskRun['spec']>, script: string) =>
  specOf(taskRun({ ...spec, taskSpec: { ...spec.taskSpec, steps: [{ name: 'a', image: 'i', script }] } })).steps?.[0]
    ?.script;

describe('variables', () => {
  test.each([
    ['$(context.taskRun.name) $(context.taskRun.namespace) $(context.taskRun.uid)', 'run dev u1'],
    ['$(context.task.name) $(context.task.retry-count)', 'run 0'],
    ['$(credentials.path) $(artifacts.path)', '/tekton/creds /tekton/artifacts/provenance.json'],
    ['$(step.artifacts.path)', '/tekton/steps/step-a/artifacts/provenance.json'],
    ['$(steps.step-a.exitCode.path)', '/tekton/steps/step-a/exitCode'],
  ])('%s', (script, expected) => expect(scriptOf({}, script)).toBe(expected));

  test('params reach an embedded spec undeclared', () =>
    expect(scriptOf({ params: [{ name: 'p', value: 'x' }] }, 'echo $(params.p)')).toBe('echo x'));
  test('one that nobody knows is refused', () =>
    expect(() => scriptOf({}, 'echo $(params.p)')).toThrow(
      'failed to create task run pod "run": non-existent variable in "echo $(params.p)": steps[0].script. Maybe invalid TaskSpec',
    ));
  test.each([
    ['$(params.l[1]) $(params.o.k)', 'y v'],
    [
      '$(inputs.params.l[9]) $(inputs.params.o.k) $( params.p )',
      '$(inputs.params.l[9]) $(inputs.params.o.k) $( params.p )',
    ],
  ])('as Tekton reads it: %s', (script, expected) => {
    const params = [
      { name: 'l', value: ['x', 'y'] },
      { name: 'o', value: { k: 'v' } },
      { name: 'p', value: 'p' },
    ];
    expect(scriptOf({ params }, script)).toBe(expected);
  });
  test('an element that a list has not is looked for in what containers are made of', () => {
    const params = [{ name: 'l', value: [] }];
    const when = [{ input: '$(params.l[0])', operator: 'in', values: ['a'] }];
    const checked = (step: object) => () =>
      checkRun(taskRun({ params }), { name: 't', spec: { steps: [{ name: 'a', image: 'i', ...step }] } });
    expect(checked({ when })).not.toThrow();
    expect(checked({ args: ['$(params.l[0])'] })).toThrow('non-existent param references:[$(params.l[0])]');
  });
  test('all that the run says of steps and sidecars that there are not is told at once', () =>
    expect(() =>
      checkRun(taskRun({ stepSpecs: [{ name: 'x' }], sidecarSpecs: [{ name: 'y' }] }), {
        name: 't',
        spec: { steps: [{ name: 'a', image: 'i' }] },
      }),
    ).toThrow('invalid StepOverride: No Step named x\ninvalid SidecarOverride: No Sidecar named y'));
  test('the number of the attempt is left open where there may be several', () =>
    expect(scriptOf({ retries: 1 }, '$(context.task.retry-count)')).toBe('$(context.task.retry-count)'));
  test('what the value of a param names is filled in where the param is used', () => {
    const taskSpec: TaskRun['spec']['taskSpec'] = {
      workspaces: [{ name: 'w' }],
      results: [{ name: 'r' }],
      steps: [
        { name: 'a', image: 'i', script: '$(params.p) $(params.o.k)' },
        { name: 'b', image: 'i', args: ['$(params.l[*])'], workspaces: [{ name: 'w', mountPath: '/here' }] },
      ],
    };
    const params = [
      { name: 'p', value: 'cd $(workspaces.w.path); echo $(context.taskRun.name) $(params.o.k) >$(results.r.path)' },
      { name: 'l', value: ['$(workspaces.w.path)', 'x'] },
      { name: 'o', value: { k: '$(context.task.name)' } },
    ];
    const [a, b] = specOf(taskRun({ params, workspaces: [{ name: 'w', emptyDir: {} }], taskSpec })).steps!;
    expect(a?.script).toBe('cd /workspace/w; echo run $(params.o.k) >/tekton/results/r run');
    expect(b?.args).toEqual(['/here', 'x']);
  });
  test('in when a list is its JSON', () =>
    expect(
      specOf(
        taskRun({
          params: [{ name: 'l', value: ['a', 'b'] }],
          taskSpec: {
            steps: [
              {
                name: 'a',
                image: 'i',
                when: [{ input: '$(params.l[*])', operator: 'in', values: ['$(params.l[*])'] }],
              },
            ],
          },
        }),
      ).steps?.[0]?.when,
    ).toEqual([{ input: '["a","b"]', operator: 'in', values: ['a', 'b'] }]));
});

test('a workspace is where its path, with params, says: for all, for one step, and in the Pod', () => {
  const run = taskRun({
    params: [{ name: 'd', value: 'x' }],
    workspaces: [{ name: 'w', emptyDir: {} }],
    taskSpec: {
      workspaces: [{ name: 'w', mountPath: '/all/$(params.d)' }],
      steps: [
        { name: 'a', image: 'i', script: '$(workspaces.w.path)', workspaces: [{ name: 'w' }] },
        {
          name: 'b',
          image: 'i',
          script: '$(workspaces.w.path)',
          workspaces: [{ name: 'w', mountPath: '/one/$(params.d)' }],
        },
      ],
    },
  });
  expect(specOf(run).steps?.map(({ script }) => script)).toEqual(['/all/x', '/one/x']);
  const paths = podFor(run).spec.containers.map(({ volumeMounts = [] }) => volumeMounts.at(-1)?.mountPath);
  expect(paths).toEqual(['/all/x', '/one/x']);
});

test('what describes stays as it was written', () => {
  const taskSpec = { description: '$(params.d)', displayName: '$(params.d)', steps: steps('a') };
  expect(specOf(taskRun({ params: [{ name: 'd', value: 'x' }], taskSpec }))).toMatchObject({
    description: '$(params.d)',
    displayName: '$(params.d)',
  });
});

test('a StepAction cannot have the result of a step where it is known too late', () => {
  const action = { params: [{ name: 'p' }], image: 'tool:$(params.p)', command: ['true'] };
  const spec = {
    steps: [
      { name: 'a', image: 'i', command: ['true'], results: [{ name: 'r' }] },
      { name: 'b', ref: { name: 'tool' }, params: [{ name: 'p', value: '$(steps.a.results.r)' }] },
    ],
  };
  expect(() => specOf(taskRun({}), { name: 't', spec, actions: new Map([[1, action]]) })).toThrow(
    'failed to create task run pod "run": stepResult substitutions are only allowed in env, command and args. Found usage in: steps[1].image. Maybe invalid TaskSpec',
  );
});

describe('workspaces', () => {
  const declared = [
    { name: 'src' },
    { name: 'cfg', mountPath: '/etc/cfg', readOnly: true },
    { name: 'opt', optional: true },
  ];
  const bindings = [
    { name: 'src', subPath: 'sub/$(params.d)', persistentVolumeClaim: { claimName: 'c' } },
    { name: 'cfg', configMap: { name: 'cm' } },
  ];
  const run = (spec: Partial<TaskRun['spec']>) =>
    taskRun({ params: [{ name: 'd', value: 'x' }], workspaces: bindings, ...spec });

  test('everybody sees them, at their paths', () => {
    const pod = podFor(
      run({ taskSpec: { workspaces: declared, steps: steps('a'), sidecars: [{ name: 's', image: 'i' }] } }),
    );
    const [step, sidecar] = pod.spec.containers;
    const mounts = [
      { name: expect.stringMatching(/^ws-[0-9a-f]{5}$/), mountPath: '/workspace/src', subPath: 'sub/x' },
      { name: expect.stringMatching(/^ws-/), mountPath: '/etc/cfg', readOnly: true },
    ];
    expect(step?.volumeMounts).toEqual(expect.arrayContaining(mounts));
    expect(sidecar?.volumeMounts).toEqual(mounts);
    const sources = pod.spec.volumes?.map(({ name: _name, ...source }) => source);
    expect(sources).toEqual(
      expect.arrayContaining([{ persistentVolumeClaim: { claimName: 'c' } }, { configMap: { name: 'cm' } }]),
    );
  });

  test('one that a step names is that step’s alone, at a path of its own', () => {
    const script = '$(workspaces.src.path)';
    const pod = podFor(
      run({
        taskSpec: {
          workspaces: declared,
          steps: [
            { name: 'a', image: 'i', script, workspaces: [{ name: 'src', mountPath: '/mine' }] },
            { name: 'b', image: 'i', script },
          ],
        },
      }),
    );
    const pathsOf = (index: number) => pod.spec.containers[index]?.volumeMounts?.map(({ mountPath }) => mountPath);
    expect(pathsOf(0)).toContain('/mine');
    expect(pathsOf(1)).not.toContain('/workspace/src');
    expect(orderIn(pod)['step-a']?.files?.[0]?.content).toContain('/mine');
    expect(orderIn(pod)['step-b']?.files?.[0]?.content).toContain('/workspace/src');
  });

  test('variables say what is bound', () => {
    const all = declared.map(({ name: n }) =>
      ['path', 'bound', 'claim'].map((part) => `${part}=$(workspaces.${n}.${part})`).join(' '),
    );
    expect(
      scriptOf(
        { params: [{ name: 'd', value: 'x' }], workspaces: bindings, taskSpec: { workspaces: declared } },
        all.join('|'),
      ),
    ).toBe('path=/workspace/src bound=true claim=c|path=/etc/cfg bound=true claim=|path= bound=false claim=');
  });

  test('a template’s claim is named as Tekton names it', () => {
    const pod = podFor(
      taskRun({
        workspaces: [{ name: 'w', volumeClaimTemplate: { metadata: { name: 'mine' }, spec: {} } }],
        taskSpec: { steps: steps('a') },
      }),
    );
    const claim = pod.spec.volumes?.find(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined);
    // sha256 of "wu1"
    expect(claim?.persistentVolumeClaim?.claimName).toMatch(/^mine-[0-9a-f]{10}$/);
  });

  test('the same claim is one volume', () => {
    const twice = ['a', 'b'].map((name) => ({ name, persistentVolumeClaim: { claimName: 'c' } }));
    const volumes = podFor(taskRun({ workspaces: twice, taskSpec: { steps: steps('a') } })).spec.volumes ?? [];
    expect(volumes.filter(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined)).toHaveLength(1);
  });

  test('one that is required and not bound is refused', () =>
    expect(() => podFor(taskRun({ taskSpec: { workspaces: declared, steps: steps('a') } }))).toThrow(
      '[User error] declared workspace "src" is required but has not been bound',
    ));
  test('one that a referenced Task does not declare is refused', () =>
    expect(() =>
      podFor(taskRun({ taskRef: { name: 't' }, workspaces: [{ name: 'w', emptyDir: {} }] }), {
        name: 't',
        spec: { steps: steps('a') },
      }),
    ).toThrow('[User error] workspace binding "w" does not match any declared workspace'));
});

describe('StepActions', () => {
  const action: StepActionSpec = {
    image: 'img-$(params.p)',
    params: [{ name: 'p' }, { name: 'l', type: 'array', default: ['$(params.p)'] }],
    results: [{ name: 'out' }],
    args: ['$(params.l[*])'],
    script: 'echo $(params.p) $(context.taskRun.name) > $(step.results.out.path)',
    env: [{ name: 'E', value: '$(params.p)' }],
  };
  const inlined = (params: { name: string; value: string | string[] }[]) =>
    specOf(
      taskRun({
        params: [
          { name: 'outer', value: 'O' },
          { name: 'p', value: 'hidden' },
        ],
        taskSpec: { steps: [{ name: 's', ref: { name: 'sa' }, params, onError: 'continue' }] },
      }),
      {
        name: 'run',
        spec: { steps: [{ name: 's', ref: { name: 'sa' }, params, onError: 'continue' }] },
        actions: new Map([[0, action]]),
      },
    ).steps?.[0];

  test.each([
    [{ name: 'q', default: '$(params.no)' }, 'parameter "q" references non-existent parameter "no"'],
    [{ name: 'q', default: '$(params.q)' }, 'circular dependency detected in parameter references'],
    [
      { name: 'p', default: ['a'], type: 'array' },
      'invalid parameter substitution: p. Please check the types of the default value and the passed value',
    ],
  ])('of params %j: %s', (param, fault) => {
    const spec = { steps: [{ name: 's', ref: { name: 'sa' }, params: [{ name: 'p', value: 'x' }] }] };
    const params = [param, ...(param.name === 'p' ? [] : [{ name: 'p' }])];
    const actions = new Map([[0, { image: 'i', params }]]);
    expect(() => specOf(taskRun({ taskSpec: spec }), { name: 'run', spec, actions })).toThrow(
      `failed to resolve step ref for step "s" (index 0): ${fault}`,
    );
  });

  test('a list that another step leaves is named as a whole', () => {
    const params = [{ name: 'l', value: '$(steps.a.results.r[*])' }];
    const spec = { steps: [{ name: 's', ref: { name: 'sa' }, params }] };
    const actions = new Map([
      [0, { image: 'i', params: [{ name: 'l', type: 'array' }], args: ['$(params.l)', '$(params.l[1])'] }],
    ]);
    expect(specOf(taskRun({ taskSpec: spec }), { name: 'run', spec, actions }).steps?.[0]?.args).toEqual([
      '$(steps.a.results.r[*])',
      '$(steps.a.results.r[1])',
    ]);
  });

  test('its fields become the step’s; it sees its own params only', () =>
    expect(inlined([{ name: 'p', value: '$(params.outer)' }])).toEqual({
      name: 's',
      onError: 'continue',
      image: 'img-O',
      args: ['O'],
      script: 'echo O run > /tekton/steps/step-s/results/out',
      env: [{ name: 'E', value: 'O' }],
      results: [{ name: 'out' }],
    }));
  test('a param that it does not have is refused', () =>
    expect(() =>
      inlined([
        { name: 'p', value: '' },
        { name: 'x', value: '' },
      ]),
    ).toThrow('failed to resolve step ref for step "s" (index 0): extra params passed by Step to StepAction: [x]'));
  test('a param without a value is refused', () =>
    expect(() => inlined([])).toThrow('non-existent params in Step: [p]'));
});
