import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExecRequest } from '../../../src/client/containers.ts';
import { ContainerSessions } from '../../../src/node/exec/container-sessions.ts';
import { writeRecord } from '../../../src/node/pods/recovery/state-file.ts';
import { inChroot } from '../../support/chroot.ts';

let pods: string;
beforeAll(() => {
  pods = mkdtempSync(join(tmpdir(), 'kf-exec-'));
  const directory = join(pods, 'u1');
  mkdirSync(join(directory, 'runs'), { recursive: true });
  writeFileSync(join(directory, 'runs/config.json'), '{}');
  const containers = {
    runs: { id: 'u1-0', stage: 'starting' },
    made: { id: 'u1-1', stage: 'creating' },
    over: { id: 'u1-2', stage: 'ended' },
    gone: { id: 'u1-3', stage: 'starting' },
  } as const;
  const names = { uid: 'u1', namespace: 'dev', name: 'p', bootId: 'b', networkId: 'n', diskId: 'd' };
  writeRecord(directory, { version: 1, ...names, containers });
});
afterAll(() => rmSync(pods, { recursive: true }));

const sessions = () => new ContainerSessions({ layout: { pods } } as never);
const request = (container: string): ExecRequest => ({
  pod: {
    metadata: { name: 'p', uid: 'u1' },
    spec: { containers: [] },
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'over', state: { terminated: { exitCode: 3, reason: 'Error' } } }],
    },
  } as never,
  container,
  command: ['true'],
  stdin: false,
  stdout: true,
  stderr: true,
  tty: false,
});

test('only a container that runs is entered; why another is not is said', async () => {
  const refused = (container: string): Promise<string> =>
    sessions()
      .prepareExec(request(container))
      .then(
        () => 'not refused',
        (error: Error) => error.message,
      );
  const words = (container: string): string => `unable to upgrade connection: container not found ("${container}"): `;
  expect(await refused('made')).toBe(`${words('made')}it waits to start (Running)`);
  expect(await refused('gone')).toBe(`${words('gone')}it waits to start (Running)`);
  expect(await refused('over')).toBe(`${words('over')}it has ended with exit code 3 (Error)`);
});

/** Only root can tell. */
function isInChroot(): boolean {
  try {
    return inChroot();
  } catch {
    return false;
  }
}

test.skipIf(isInChroot())('so many at a time; a place that is given back is another’s', async () => {
  const one = sessions();
  const held = await Promise.all(Array.from({ length: 32 }, () => one.prepareExec(request('runs'))));
  await expect(one.prepareExec(request('runs'))).rejects.toMatchObject({ reason: 'TooManyRequests' });
  held[0]!.release();
  held[0]!.release();
  await one.prepareExec(request('runs'));
  await expect(one.prepareExec(request('runs'))).rejects.toMatchObject({ reason: 'TooManyRequests' });
});
