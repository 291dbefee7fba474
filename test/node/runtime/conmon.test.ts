import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchMonitor } from '../../../src/node/runtime/conmon.ts';

let bundle: string;
beforeEach(() => {
  bundle = mkdtempSync(join(tmpdir(), 'kf-bundle-'));
  execFileSync('mkfifo', [join(bundle, 'ctl')]);
});
afterEach(() => rmSync(bundle, { recursive: true }));

/** Holds both ends of the FIFO, as conmon does. */
async function monitor() {
  const child = spawn('/bin/sh', ['-c', 'exec 3<>"$1"; echo up; exec sleep 1000', 'sh', join(bundle, 'ctl')]);
  await once(child.stdout, 'data');
  return child;
}

test('the end of a monitor is seen however it ends', async () => {
  const child = await monitor();
  const { ended } = watchMonitor(bundle);
  const early = await Promise.race([
    ended.then(() => 'ended'),
    new Promise((resolve) => setImmediate(resolve, 'alive')),
  ]);
  expect(early).toBe('alive');
  child.kill('SIGKILL');
  await ended;
});

test('a monitor that ended before anyone watched', async () => {
  const child = await monitor();
  child.kill('SIGKILL');
  await once(child, 'exit');
  await watchMonitor(bundle).ended;
});

test('a monitor that was never there', async () => {
  rmSync(join(bundle, 'ctl'));
  await watchMonitor(bundle).ended;
});
