/** Copies of a container's output. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { doEndWork, keepShown } from '../../../../src/node/pods/end/after-end.ts';
import type { ContainerOrder } from '../../../../src/resources/core/start-order.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kf-output-'));
  const line = (stream: string, text: string) => `2026-01-02T03:04:05.123456789+00:00 ${stream} F ${text}\n`;
  await writeFile(join(dir, 'log'), line('stdout', 'one') + line('stderr', 'two') + line('stdout', 'three'));
});
afterEach(() => rm(dir, { recursive: true }));

async function copied(order: ContainerOrder, ...files: readonly string[]): Promise<readonly string[]> {
  keepShown(join(dir, 'bundle'), [{ destination: '/out', root: dir, subPath: '' }]);
  const ended = { phase: 'ended', exitCode: 0, reason: 'Completed' } as never;
  const done = await doEndWork(
    { order, bundle: join(dir, 'bundle'), logPath: join(dir, 'log'), resultBytes: 4096 },
    ended,
  );
  expect(done).toMatchObject({ exitCode: 0 });
  return Promise.all(files.map((file) => readFile(join(dir, file), 'utf8')));
}

test('each stream has its file', async () => {
  expect(await copied({ stdoutFile: '/out/a', stderrFile: '/out/b' }, 'a', 'b')).toEqual(['one\nthree\n', 'two\n']);
});

test('one file has both, as they came', async () => {
  expect(await copied({ stdoutFile: '/out/a', stderrFile: '/out/a' }, 'a')).toEqual(['one\ntwo\nthree\n']);
});
