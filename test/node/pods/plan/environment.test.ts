import { describe, expect, test } from 'vitest';
import { commandOf } from '../../../../src/node/pods/plan/command.ts';
import { expand, resolveEnvironment } from '../../../../src/node/pods/plan/environment.ts';
import type { Container, EnvVar, Pod } from '../../../../src/resources/core/pod.ts';

test.each([
  ['$(A)', 'one'],
  ['x$(A)y$(B)', 'xoney'],
  ['$(NONE)', '$(NONE)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$one'],
  ['$$', '$'],
  ['$A ${A} $', '$A ${A} $'],
  ['$(A', '$(A'],
  ['$(A)(B)', 'one(B)'],
  ['$(echo $(A)) $(A)', '$(echo $(A)) one'],
])('expand %s', (text, expected) => {
  expect(
    expand(
      text,
      new Map([
        ['A', 'one'],
        ['B', ''],
      ]),
    ),
  ).toBe(expected);
});

const container = (env: readonly EnvVar[], rest: Partial<Container> = {}): Container => ({
  name: 'main',
  env,
  ...rest,
});
const resolve = (env: readonly EnvVar[], rest: Partial<Container> = {}, defaults: readonly string[] = []) => {
  const one = container(env, rest);
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'dev', uid: 'u', labels: { 'a/b': 'label' }, annotations: { note: 'text' } },
    spec: { containers: [one, { name: 'other', resources: { limits: { cpu: '1500m' } } }] },
  };
  return Object.fromEntries(
    resolveEnvironment({
      pod,
      container: one,
      defaults,
      references: {
        secrets: new Map([
          ['s', { key: Buffer.from('secret') }],
          ['gone', undefined],
        ]),
        configMaps: new Map([['c', { key: Buffer.from('config') }]]),
      },
      podIP: '10.0.0.2',
      hostIP: '10.0.0.1',
      nodeName: 'node',
      fallbackLimits: { memory: 2 ** 30, cpu: 1, 'ephemeral-storage': 2 ** 29 },
    }),
  );
};
const field = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

describe('resolveEnvironment', () => {
  test('the image’s variables, the container’s own over them; only those are expanded', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '$(A)$(PATH)' },
      { name: 'A', value: '2' },
      { name: 'C', value: '$(A)' },
      { name: 'EMPTY' },
    ];
    expect(resolve(env, {}, ['PATH=/bin', 'A=0', 'X=a=b'])).toEqual({
      PATH: '/bin',
      X: 'a=b',
      A: '2',
      B: '1$(PATH)',
      C: '2',
      EMPTY: '',
    });
  });

  test('fields of the Pod', () => {
    const env = [
      field('NAME', 'metadata.name'),
      field('LABEL', "metadata.labels['a/b']"),
      field('NOTE', "metadata.annotations['note']"),
      field('NONE', "metadata.labels['none']"),
      field('IP', 'status.podIP'),
      field('HOST', 'status.hostIP'),
      field('NODE', 'spec.nodeName'),
    ];
    expect(resolve(env)).toEqual({
      NAME: 'p',
      LABEL: 'label',
      NOTE: 'text',
      NONE: '',
      IP: '10.0.0.2',
      HOST: '10.0.0.1',
      NODE: 'node',
    });
    expect(() => resolve([field('X', 'spec.nothing')])).toThrow('unknown fieldPath spec.nothing');
  });

  test.each([
    ['limits.memory', '1Mi', 512],
    ['limits.memory', undefined, 512 * 2 ** 20],
    ['limits.cpu', undefined, 2],
    ['limits.cpu', '1m', 1500],
    ['limits.ephemeral-storage', '1Mi', 512],
    ['requests.cpu', '1m', 100],
  ])('resource %s over %s', (resource, divisor, expected) => {
    const resources = { limits: { memory: '512Mi', cpu: '1500m' }, requests: { cpu: '100m' } };
    const env = [{ name: 'X', valueFrom: { resourceFieldRef: { resource, ...(divisor ? { divisor } : {}) } } }];
    expect(resolve(env, { resources }).X).toBe(String(expected));
  });

  test('resources of another container, and defaults', () => {
    const ref = (resource: string, containerName?: string): EnvVar => ({
      name: 'X',
      valueFrom: { resourceFieldRef: { resource, ...(containerName ? { containerName } : {}) } },
    });
    expect(resolve([ref('limits.cpu', 'other')]).X).toBe('2');
    expect(resolve([ref('limits.memory')]).X).toBe(String(2 ** 30));
    expect(() => resolve([ref('limits.cpu', 'nobody')])).toThrow('no container nobody');
    expect(() => resolve([ref('limits.gpu')])).toThrow('unknown resource limits.gpu');
  });

  test('secrets and config maps', () => {
    const secret = (name: string, key: string, optional?: boolean): EnvVar => ({
      name: 'X',
      valueFrom: { secretKeyRef: { name, key, ...(optional ? { optional } : {}) } },
    });
    expect(resolve([secret('s', 'key')])).toEqual({ X: 'secret' });
    expect(resolve([{ name: 'X', valueFrom: { configMapKeyRef: { name: 'c', key: 'key' } } }])).toEqual({
      X: 'config',
    });
    expect(() => resolve([secret('gone', 'key')])).toThrow('secret "gone" not found');
    expect(() => resolve([secret('s', 'other')])).toThrow('couldn\'t find key other in secret "s"');
    expect(resolve([secret('gone', 'key', true)])).toEqual({});
  });

  test('a NUL byte is refused', () => {
    expect(() => resolve([{ name: 'X', value: 'a\0b' }])).toThrow('NUL');
  });

  test('what no program can be given is refused by its name', () => {
    const longest = 131_071 - 'X='.length;
    expect(resolve([{ name: 'X', value: 'a'.repeat(longest) }]).X).toHaveLength(longest);
    expect(() => resolve([{ name: 'X', value: 'a'.repeat(longest + 1) }])).toThrow(
      'environment variable X has 131072 bytes, and a program can be given 131071 at most',
    );
    expect(() => resolve([{ name: 'X', value: 'é'.repeat(65_535) }])).toThrow('131072 bytes');
    const long = container([], { command: ['/bin/sh', '-c', 'a'.repeat(131_072)] });
    expect(() => commandOf(long, { entrypoint: [], cmd: [], hasShell: true }, new Map())).toThrow('word 3');
  });
});

describe('commandOf', () => {
  const image = { entrypoint: ['/entry'], cmd: ['default'], hasShell: false };
  const known = new Map([['A', 'one']]);
  test.each<[string, Partial<Container>, readonly string[]]>([
    ['the image’s own', {}, ['/entry', 'default']],
    ['args replace CMD', { args: ['x'] }, ['/entry', 'x']],
    ['a command replaces both', { command: ['c'] }, ['c']],
    ['command and args', { command: ['c'], args: ['$(A)', '$$(A)'] }, ['c', 'one', '$(A)']],
    ['empty lists count as absent', { command: [], args: [] }, ['/entry', 'default']],
  ])('%s', (_, rest, expected) => {
    expect(commandOf(container([], rest), image, known)).toEqual(expected);
  });

  test('a shell says when a program is not there', () => {
    const withShell = { entrypoint: [], cmd: [], hasShell: true };
    expect(commandOf(container([], { command: ['tool', 'x'] }), withShell, known)).toEqual([
      '/bin/sh',
      '-c',
      'exec "$@"',
      'sh',
      'tool',
      'x',
    ]);
    expect(commandOf(container([], { command: ['/bin/sh', '-c', 'x'] }), withShell, known)[2]).toBe('x');
    expect(() => commandOf(container([]), withShell, known)).toThrow('no command specified');
  });

  test('a script around the command has its words; an image without a shell cannot run it', () => {
    const around = 'exec "$@"';
    const withShell = { entrypoint: ['/entry'], cmd: ['default'], hasShell: true };
    expect(commandOf(container([]), withShell, known, { around })).toEqual([
      '/bin/sh',
      '-c',
      around,
      'sh',
      '/entry',
      'default',
    ]);
    expect(() => commandOf(container([]), image, known, { around })).toThrow('has no shell (/bin/sh)');
  });

  describe('in an image without a shell', () => {
    const bare = { ...image, hasShell: false, hasFile: (path: string) => ['/bin/app', '/opt/tool'].includes(path) };
    const path = new Map([['PATH', '/bin:/opt']]);
    const argv = (words: readonly string[], rest: Partial<Container> = {}) =>
      commandOf(container([], { command: [...words], ...rest }), bare, path);

    test('a program is started as it is', () => {
      expect(argv(['app', 'x'])).toEqual(['app', 'x']);
      expect(argv(['/opt/tool'])).toEqual(['/opt/tool']);
    });

    test('one that is not there is named, as is a missing shell', () => {
      expect(() => argv(['none'])).toThrow('exec: "none": executable file not found');
      expect(() => argv(['/bin/none'])).toThrow('exec: "/bin/none": executable file not found');
      expect(() => argv(['/bin/sh', '-c', 'echo x'])).toThrow('has no shell (/bin/sh)');
    });

    test('what a volume may bring, or lies in the working directory, is not looked for', () => {
      expect(argv(['./run'])).toEqual(['./run']);
      const volumeMounts = [{ name: 'v', mountPath: '/data' }];
      expect(argv(['/data/run'], { volumeMounts })).toEqual(['/data/run']);
      expect(() => argv(['/bin/sh', '-c', 'x'], { volumeMounts })).toThrow('has no shell');
    });
  });
});
