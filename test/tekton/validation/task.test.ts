/** Rules of Tasks, one case each: what Tekton's webhook says of a manifest that breaks it. */

import { expect, test } from 'vitest';
import { Task } from '../../../src/resources/tekton/task.ts';
import { step, useServer } from './refused.ts';

const server = useServer([Task]);
const script = (text: string) => [{ ...step, script: text }];
const withStep = (changes: object) => ({ steps: [{ ...step, ...changes }] });
const ref = (changes: object) => ({ steps: [{ name: 's', ref: { name: 'x' }, ...changes }] });
const param = (changes: object) => ({ params: [{ name: 'p', ...changes }], steps: [step] });
const result = (changes: object) => ({ results: [{ name: 'r', ...changes }], steps: [step] });
const object = { name: 'o', type: 'object', properties: { k: {} } };
const mount = (mountPath: string, name = 'v') => ({ volumeMounts: [{ name, mountPath }] });

const label = 'For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names';
const resultName =
  "Name must consist of alphanumeric characters, '-', '_', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my-name',  or 'my_name', regex used for validation is '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$')";

test.each([
  ['no steps', {}, 'missing field(s): spec.steps'],
  ['a step without an image', { steps: [{ script: 'x' }] }, 'missing field(s): spec.steps[0].Image'],
  ['two steps of one name', { steps: [step, step] }, 'expected exactly one, got both: spec.steps[1].name'],
  [
    'a step whose name is none',
    withStep({ name: 'No_Name' }),
    `invalid value "No_Name": spec.steps[0].name\nTask step name must be a valid DNS Label, ${label}`,
  ],
  [
    'a step whose name has two lines',
    withStep({ name: 'a\n' }),
    `invalid value "a\\n": spec.steps[0].name\nTask step name must be a valid DNS Label, ${label}`,
  ],
  ['script and command', withStep({ command: ['x'] }), 'script cannot be used with command: spec.steps[0].script'],
  ['a negative timeout', withStep({ timeout: '-5s' }), 'invalid value: -5s: spec.steps[0].negative timeout'],
  [
    'another onError',
    withStep({ onError: 'retry' }),
    'invalid value: "retry": spec.steps[0].onError\nTask step onError must be either "continue" or "stopAndFail"',
  ],
  [
    'a mount below /tekton',
    withStep(mount('/tekton/results')),
    'volumeMount cannot be mounted under /tekton/ (volumeMount "v" mounted at "/tekton/results"): spec.steps[0].volumeMounts[0].mountPath',
  ],
  [
    'a mount of a volume of Tekton’s',
    withStep(mount('/x', 'tekton-internal-x')),
    'volumeMount name "tekton-internal-x" cannot start with "tekton-internal-": spec.steps[0].volumeMounts[0].name',
  ],
  [
    'a script for Windows',
    { steps: script('#!win powershell\nx') },
    'windows script support requires "enable-api-fields" feature gate to be "alpha" but it is "beta": spec.steps[0].script',
  ],
  [
    'params without ref',
    withStep({ params: [{ name: 'a', value: 'b' }] }),
    'params cannot be used without Ref: spec.steps[0].params',
  ],
  ['image with ref', ref({ image: 'x' }), 'image cannot be used with Ref: spec.steps[0].image'],
  ['command with ref', ref({ command: ['x'] }), 'command cannot be used with Ref: spec.steps[0].command'],
  ['args with ref', ref({ args: ['x'] }), 'args cannot be used with Ref: spec.steps[0].args'],
  ['script with ref', ref({ script: 'x' }), 'script cannot be used with Ref: spec.steps[0].script'],
  ['workingDir with ref', ref({ workingDir: '/' }), 'working dir cannot be used with Ref: spec.steps[0].workingDir'],
  ['env with ref', ref({ env: [{ name: 'A', value: '' }] }), 'env cannot be used with Ref: spec.steps[0].env'],
  ['mounts with ref', ref(mount('/x')), 'volumeMounts cannot be used with Ref: spec.steps[0].volumeMounts'],
  ['results with ref', ref({ results: [{ name: 'r' }] }), 'results cannot be used with Ref: spec.steps[0].results'],
  ['an empty ref', ref({ ref: {} }), 'missing field(s): spec.steps[0].name'],
  [
    'a result of a step in a script',
    { steps: [{ ...step, name: 'b', script: 'echo $(steps.a.results.r)' }] },
    'stepResult substitutions are only allowed in env, command and args. Found usage in: spec.steps[0].script',
  ],
  [
    'a result of a step in the image',
    withStep({ image: '$(steps.a.results.r)' }),
    'stepResult substitutions are only allowed in env, command and args. Found usage in: spec.steps[0].image',
  ],
  [
    'an artifact of a step in the image',
    withStep({ image: '$(steps.a.outputs.x)' }),
    'stepArtifact substitutions are only allowed in env, command, args and script. Found usage in: spec.steps[0].image',
  ],
  ['an empty when', withStep({ when: [{}] }), 'missing field(s): spec.steps[0].when[0]'],
  [
    'when with another operator',
    withStep({ when: [{ input: 'a', operator: 'exists', values: ['a'] }] }),
    'invalid value: operator "exists" is not recognized. valid operators: in,notin: spec.steps[0].when[0]',
  ],
  [
    'when without values',
    withStep({ when: [{ input: 'a', operator: 'in', values: [] }] }),
    'invalid value: expecting non-empty values field: spec.steps[0].when[0]',
  ],
  [
    'when with a name in its cel',
    withStep({ when: [{ cel: 'a == b' }] }),
    'invalid cel expression: a == b with err: Unknown variable: a: spec.steps[0].when[0]',
  ],
  [
    'when with cel and an input',
    withStep({ when: [{ cel: 'true', input: 'a' }] }),
    'cel and input+operator+values cannot be set in one WhenExpression: {a  [] true}: spec.steps[0].when[0]',
  ],
  [
    'when with no CEL',
    withStep({ when: [{ cel: '1 +' }] }),
    /^invalid cel expression: 1 \+ with err: .*: spec\.steps\[0\]\.when\[0\]$/,
  ],
  [
    'a result of the step that is not declared',
    withStep({ results: [{ name: 'r' }], script: 'x > $(step.results.other.path)' }),
    'non-existent variable in "x > $(step.results.other.path)": spec.steps[0].script',
  ],
  [
    'a result of a step of no type',
    withStep({ results: [{ name: 'r', type: 'number' }] }),
    'invalid value: number: spec.steps[0].results[0].type\ninvalid type number',
  ],
  [
    'an object as result of a step without properties',
    withStep({ results: [{ name: 'r', type: 'object' }] }),
    'missing field(s): spec.steps[0].results[0].r.properties',
  ],
  ['a sidecar without an image', { steps: [step], sidecars: [{ name: 'x' }] }, 'missing field(s): spec.sidecars.image'],
  [
    'a sidecar of Tekton’s',
    { steps: [step], sidecars: [{ name: 'tekton-log-results', image: 'x' }] },
    'Invalid: cannot use reserved sidecar name tekton-log-results : spec.sidecars.name',
  ],
  [
    'a sidecar with script and command',
    { steps: [step], sidecars: [{ name: 'x', image: 'x', script: 'x', command: ['x'] }] },
    'script cannot be used with command: spec.sidecars.script',
  ],
  [
    'two volumes of one name',
    {
      steps: [step],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    },
    'multiple volumes with same name "v": spec.volumes[1].name',
  ],
  [
    'two workspaces of one name',
    { steps: [step], workspaces: [{ name: 'w' }, { name: 'w', mountPath: '/x' }] },
    'workspace name "w" must be unique: spec.workspaces[1].name',
  ],
  [
    'a workspace where a volume is mounted',
    { steps: [{ ...step, ...mount('/data/') }], workspaces: [{ name: 'w', mountPath: '/data' }] },
    'workspace mount path "/data" must be unique: spec.workspaces[0].mountpath',
  ],
  [
    'a workspace where the template mounts',
    { steps: [step], stepTemplate: mount('/data'), workspaces: [{ name: 'w', mountPath: '/data' }] },
    'workspace mount path "/data" must be unique: spec.workspaces[0].mountpath',
  ],
  [
    'a workspace of a step that the Task has not',
    withStep({ workspaces: [{ name: 'w', mountPath: '/w' }] }),
    'undefined workspace "w": spec.steps[0].workspaces[0].name',
  ],
  [
    'a workspace of a sidecar that the Task has not',
    { steps: [step], sidecars: [{ name: 'x', image: 'x', workspaces: [{ name: 'w', mountPath: '/w' }] }] },
    'undefined workspace "w": spec.sidecars[0].workspaces[0].name',
  ],
  ['a param of no type', param({ type: 'number' }), 'invalid value: number: spec.params.p.type'],
  [
    'a default of another type',
    param({ type: 'array', default: 'x' }),
    '"array" type does not match default value\'s type: "string": spec.params.p.default.type, spec.params.p.type',
  ],
  [
    'a property of another type',
    param({ type: 'object', properties: { k: { type: 'array' } } }),
    'The value type specified for these keys [k] is invalid: spec.params.p.properties',
  ],
  ['an object without properties', param({ type: 'object' }), 'missing field(s): spec.p.properties'],
  ['an object of no properties', param({ type: 'object', properties: {} }), 'missing field(s): spec.p.properties'],
  [
    'a param twice',
    { params: [{ name: 'p' }, { name: 'p' }], steps: [step] },
    'parameter appears more than once: spec.params[p]',
  ],
  [
    'a name of a param that is none',
    { params: [{ name: '0p' }], steps: [step] },
    'The format of following array and string variable names is invalid: [0p]: spec.params\nString/Array Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_), and dots (.)\nMust begin with a letter or an underscore (_)',
  ],
  [
    'a dot in the name of an object',
    { params: [{ ...object, name: 'o.p' }], steps: [step] },
    'Object param name and key name format is invalid: map[o.p:[]]: spec.params\nObject Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_) \nMust begin with a letter or an underscore (_)',
  ],
  [
    'an enum of a list',
    param({ type: 'array', enum: ['a'] }),
    'enum can only be set with string type param: spec.params[p]',
  ],
  [
    'an enum with a repetition',
    param({ enum: ['a', 'a'] }),
    'parameter enum value a appears more than once: spec.params[p]',
  ],
  [
    'a default that is not in the enum',
    param({ enum: ['a'], default: 'b' }),
    'param default value b not in the enum list: spec.params[p]',
  ],
  [
    'a param that is not declared',
    { steps: script('echo $(params.x)') },
    'non-existent variable in "echo $(params.x)": spec.steps[0].script',
  ],
  [
    'a param that is not declared, in onError',
    withStep({ onError: '$(params.x)' }),
    'non-existent variable in "$(params.x)": spec.steps[0].onError',
  ],
  [
    'a name of three parts',
    { params: [{ name: 'a' }], steps: script('$(params.a.b.c)') },
    'Invalid referencing of parameters in "$(params.a.b.c)"! Only two dot-separated components after the prefix "params" are allowed.: spec.steps[0].script',
  ],
  [
    'a list in a script',
    { params: [{ name: 'l', type: 'array' }], steps: script('echo $(params.l[*])') },
    'variable type invalid in "echo $(params.l[*])": spec.steps[0].script',
  ],
  [
    'a list that is not alone',
    { params: [{ name: 'l', type: 'array' }], steps: [{ name: 's', image: 'x', args: ['a', 'x=$(params.l[*])'] }] },
    'variable is not properly isolated in "x=$(params.l[*])": spec.steps[0].args[1]',
  ],
  [
    'a list in a variable',
    {
      params: [{ name: 'l', type: 'array' }],
      steps: [{ ...step, env: [{ name: 'E', value: '$(params.l)' }] }],
    },
    'variable type invalid in "$(params.l)": spec.steps[0].env[E]',
  ],
  [
    'an object as a whole',
    { params: [object], steps: script('$(params.o[*])') },
    'variable type invalid in "$(params.o[*])": spec.steps[0].script',
  ],
  [
    'a key that an object has not',
    { params: [object], steps: script('$(params.o.other)') },
    'non-existent variable in "$(params.o.other)": spec.steps[0].script',
  ],
  [
    'a variable of the TaskRun that there is not',
    { steps: script('$(context.taskRun.age)') },
    'non-existent variable in "$(context.taskRun.age)": spec.steps[0].script',
  ],
  [
    'a variable of the Task that there is not',
    { steps: script('$(context.task.age)') },
    'non-existent variable in "$(context.task.age)": spec.steps[0].script',
  ],
  [
    'a result that is not declared',
    { steps: script('x > $(results.r.path)') },
    'non-existent variable in "x > $(results.r.path)": spec.steps[0].script',
  ],
  [
    'a name of a result that is none',
    result({ name: '-r' }),
    `invalid key name "-r": spec.results[0].name\n${resultName}`,
  ],
  [
    'a result of no type',
    result({ type: 'number' }),
    'invalid value: number: spec.results[0].type\ntype must be string',
  ],
  [
    'an object as result without properties',
    result({ type: 'object' }),
    'missing field(s): spec.results[0].r.properties',
  ],
  [
    'a property of a result of another type',
    result({ type: 'object', properties: { k: { type: 'array' } } }),
    'The value type specified for these keys [k] is invalid, the type must be string: spec.results[0].r.properties',
  ],
  [
    'a value of a result that is a list',
    result({ value: ['a'] }),
    'Invalid Type. Wanted string but got: "array": spec.results[0].r.type',
  ],
  [
    'a value of a result that is no reference',
    result({ value: 'x' }),
    'Could not extract step name and result name. Expected value to look like $(steps.<stepName>.results.<resultName>) but got "x": spec.results[0].r.value',
  ],
  [
    'a value of a result of a step that cannot be',
    result({ value: '$(steps.No_Step.results.r)' }),
    `invalid extracted step name "No_Step": spec.results[0].r.value\nstepName in $(steps.<stepName>.results.<resultName>) must be a valid DNS Label, ${label}`,
  ],
])('%s is refused', async (_what, spec, expected) => {
  const said = await server.refusal(Task, spec);
  if (expected instanceof RegExp) expect(said).toMatch(expected);
  else expect(said).toBe(expected);
});

test('several faults come together, each once with all its fields', async () => {
  const spec = { steps: [{ name: 'a' }, { name: 'b', image: 'x', script: 'x', command: ['x'] }, { name: 'c' }] };
  expect(await server.refusal(Task, spec)).toBe(
    'missing field(s): spec.steps[0].Image, spec.steps[2].Image\nscript cannot be used with command: spec.steps[1].script',
  );
});

test.each([['a'.repeat(64), 'Invalid resource name: length must be no more than 63 characters: metadata.name']])(
  'the name %s is refused',
  async (name, expected) => {
    expect(await server.refusal(Task, { steps: [step] }, { name })).toBe(expected);
  },
);

test.each([
  ['an image by the template', { stepTemplate: { image: 'x' }, steps: [{ script: 'true' }] }],
  ['a ref by a resolver', { steps: [{ ref: { resolver: 'git', params: [{ name: 'url', value: 'x' }] } }] }],
  ['a mount below /tekton/home', withStep(mount('/tekton/home/x'))],
  ['args of a script', withStep({ args: ['a'] })],
  ['a list alone', { params: [{ name: 'l', type: 'array' }], steps: [{ image: 'x', args: ['$(params.l[*])'] }] }],
  ['an element of a list in a script', { params: [{ name: 'l', type: 'array' }], steps: script('$(params.l[0])') }],
  ['a dotted name in brackets', { params: [{ name: 'a.b' }], steps: script(`$(params['a.b']) $(params["a.b"])`) }],
  ['a key of an object', { params: [object], steps: script('$(params.o.k)') }],
  ['a shell’s own substitution', { steps: script('x=$(date) y=$((1 + 2)) $(cat params.x)') }],
  ['onError by a param', { params: [{ name: 'p' }], steps: [{ ...step, onError: '$(params.p)' }] }],
  ['a result of an earlier step', { steps: [step, { image: 'x', args: ['$(steps.s.results.r)'] }] }],
  ['CEL', withStep({ when: [{ cel: "'a' == 'a'" }] })],
])('%s is taken', async (_what, spec) => {
  await server.taken(Task, spec);
});

test('the pull policy may be a variable, and nothing that is none', async () => {
  const withPolicy = (imagePullPolicy: string) => ({ ...param({}), ...withStep({ imagePullPolicy }) });
  expect(await server.taken(Task, withPolicy('$(params.p)'))).toMatchObject({
    steps: [{ imagePullPolicy: '$(params.p)' }],
  });
  await expect(server.taken(Task, withPolicy('Sometimes'))).rejects.toThrow('spec.steps[0].imagePullPolicy');
});
