import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FolderWatch } from '../../../src/node/logs/folder-watch.ts';
import { FakeClock } from '../../support/fake-clock.ts';

test('tells of changes in a folder that is there; one that is not costs nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kf-watch-'));
  const clock = new FakeClock();
  const watch = new FolderWatch(clock);
  watch.add(join(folder, 'none'));
  watch.add(folder);
  const { changes } = watch;
  writeFileSync(join(folder, 'file'), '');
  await watch.after(changes);
  expect(clock.nextIn).toBeUndefined();
  watch.close();
  rmSync(folder, { recursive: true });
});

test('where the kernel has no watches left, whoever follows looks once a second', async () => {
  const clock = new FakeClock();
  const full = () => {
    throw Object.assign(new Error('no watches left'), { code: 'ENOSPC' });
  };
  const watch = new FolderWatch(clock, full as never);
  for (let times = 0; times < 3; times++) {
    watch.add('/any');
    watch.add('/other');
    const { changes } = watch;
    const changed = watch.after(changes);
    expect(clock.nextIn).toBe(1000);
    clock.advance(1000);
    await changed;
  }
  watch.add('/any');
  watch.close();
  expect(clock.nextIn).toBeUndefined();
});
