import { expect, test } from 'vitest';
import type { KfClient } from '../../../src/cli/kf-client.ts';
import { run } from '../../../src/cli/run.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { alreadyExists } from '../../../src/resources/status.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { Running } from '../support.ts';

const refused = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
const app = {
  apiVersion: 'kf.dev/v1alpha1',
  kind: 'App',
  metadata: { name: 'report', namespace: 'dev', uid: 'u' },
  spec: { build: { image: 'x' }, template: { spec: { containers: [] } } },
};

/** A server that is away from the given moment on. */
function vanishing(creates: 'answered' | 'answer lost' | 'never') {
  const created: Task[] = [];
  let attempts = 0;
  let gone = false;
  const client: Partial<KfClient> = {
    get: (async (kind: unknown, { name }: { name: string }) => {
      if (gone) throw refused;
      if (kind === App) return app;
      return created.find(({ metadata }) => metadata.name === name);
    }) as KfClient['get'],
    list: (async () => ({ items: [], resourceVersion: '1' })) as unknown as KfClient['list'],
    create: (async (_: unknown, draft: Task) => {
      attempts++;
      if (creates === 'never') {
        gone = true;
        throw refused;
      }
      if (created.some(({ metadata }) => metadata.name === draft.metadata.name)) {
        throw alreadyExists(Task, draft.metadata.name);
      }
      created.push(draft);
      if (creates === 'answer lost') throw refused;
      gone = true;
      return draft;
    }) as unknown as KfClient['create'],
    // biome-ignore lint/correctness/useYield: it ends at once
    async *watch() {
      throw refused;
    },
    close() {},
  };
  return { client: client as KfClient, created, attempts: () => attempts };
}

function start(server: { readonly client: KfClient; readonly env?: NodeJS.ProcessEnv }, ...argv: string[]) {
  const clock = new FakeClock();
  const running = new Running();
  const finished = run(argv, {
    io: running.io,
    env: server.env ?? {},
    cwd: '/',
    clock: {
      now: () => clock.now(),
      // Time passes as soon as someone waits for it.
      after: (milliseconds, fire) => {
        const timer = clock.after(milliseconds, fire);
        queueMicrotask(() => clock.advance(milliseconds));
        return timer;
      },
    },
    connect: async () => server.client,
    contextName: async () => '',
  });
  return { running, finished };
}

test('a server that stays away while a task is watched: 123 after 60 s, and the last line says so', async () => {
  const server = vanishing('answered');
  const { running, finished } = start(server, 'run-task', 'report', '-c', 'x', '--wait');
  expect(await finished).toBe(123);
  expect(running.stderr).toContain('the server was out of reach for 60 s');
  const { name } = server.created[0]!.metadata;
  expect(running.stderr.trimEnd().split('\n').at(-1)).toBe(`The watch was lost; Task ${name} goes on.`);
});

test('a server that cannot be reached at all: 125 with --wait, and nothing was started', async () => {
  const server = vanishing('never');
  const { running, finished } = start(server, 'run-task', 'report', '-c', 'x', '--wait');
  expect(await finished).toBe(125);
  expect(running.stderr.trimEnd().split('\n').at(-1)).toBe('Nothing was started.');
});

test('a create whose answer got lost is found again, not doubled', async () => {
  const server = vanishing('answer lost');
  const { running, finished } = start(server, 'run-task', 'report', '-c', 'x');
  await finished;
  expect(server.attempts()).toBe(2);
  expect(server.created.length).toBe(1);
  expect(running.stderr).toContain(`Task ${server.created[0]!.metadata.name} is submitted successfully`);
});

/** A server that refuses the first reads. */
function restarting(refusals: number, env: NodeJS.ProcessEnv = {}) {
  let reads = 0;
  const answer =
    <T>(value: T) =>
    async (): Promise<T> => {
      if (++reads <= refusals) throw refused;
      return value;
    };
  const object = { ...app, spec: { ...app.spec, schedules: [], instanceRef: {}, app: {} } };
  const client = {
    get: answer(object),
    list: answer({ items: [], resourceVersion: '1' }),
    table: answer({ columnDefinitions: [], rows: [] }),
    close() {},
  } as unknown as KfClient;
  return { client, env, reads: () => reads };
}

test.each([
  'apps',
  'app report',
  'env report',
  'builds',
  'spaces',
  'space dev',
  'jobs',
  'tasks',
  'services',
  'bindings',
  'stacks',
  'log-sinks',
  'network-policies',
])('kf %s bears with a server that restarts', async (line) => {
  const server = restarting(3);
  const { running, finished } = start(server, ...line.split(' '));
  expect(await finished, running.stderr).toBe(0);
  expect(server.reads()).toBeGreaterThan(3);
});

test('a server that does not come back: after 10 s one clear line', async () => {
  const { running, finished } = start(restarting(Number.POSITIVE_INFINITY), 'apps');
  expect(await finished).toBe(1);
  expect(running.stderr).toContain('Error: the server was out of reach for 10 s: connection refused');
});

test('a server of a kubeconfig that has never answered is not waited for', async () => {
  const server = restarting(1, { KUBECONFIG: '/elsewhere' });
  const { running, finished } = start(server, 'apps', '--space', 'dev');
  expect(await finished).toBe(1);
  expect(running.stderr).toContain('Error: connection refused');
  expect(server.reads()).toBe(1);
});
