import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CheckResult, check } from '../../../src/node/doctor/check.ts';
import { checks, diagnose } from '../../../src/node/doctor/checks.ts';
import { nodeCheck, spaceCheck } from '../../../src/node/doctor/machine-checks.ts';
import { findOnPath, installCommand } from '../../../src/node/doctor/programs.ts';
import { existingFolder } from '../../../src/node/doctor/trials.ts';
import { CommandError } from '../../../src/node/host/run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kf-doctor-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('Node.js', () => {
  it.each([
    ['20.19.0', true],
    ['20.18.3', false],
    ['18.20.1', false],
    ['22.0.0', true],
    ['24.11.1', true],
  ])('%s is good enough: %s', async (version, ok) => {
    const outcome = await nodeCheck(version).run();
    expect(outcome.ok).toBe(ok);
    expect(outcome.detail).toContain(ok ? `v${version}` : '20.19 or newer is needed');
  });
});

describe('programs', () => {
  it('are found on PATH when they may be run', async () => {
    await writeFile(join(folder, 'kf-tool'), '');
    expect(await findOnPath('kf-tool', folder)).toBeUndefined();
    await chmod(join(folder, 'kf-tool'), 0o755);
    expect(await findOnPath('kf-tool', `/nowhere:${folder}`)).toBe(join(folder, 'kf-tool'));
  });

  it('are installed by one command', () => {
    expect(installCommand(['runc', 'conmon'])).toBe('apt-get install -y --no-install-recommends runc conmon');
  });
});

it('an error is the outcome of a check', async () => {
  const failing = check('x', () => Promise.reject(new Error('no such thing')));
  expect(await failing.run()).toEqual({ ok: false, detail: 'no such thing' });
});

it('free space is told of the folder that will hold the data', async () => {
  expect(await existingFolder(join(folder, 'not/yet'))).toBe(folder);
  expect((await spaceCheck(folder).run()).detail).toMatch(/GiB free, .* never promised/);
});

it('every check has a name of its own and tells something, whatever the programs do', async () => {
  const broken = (command: string) => Promise.reject(new CommandError(command, [], 'broken', 1));
  const results: CheckResult[] = [];
  for await (const result of diagnose({ dataDir: folder, run: broken })) results.push(result);
  expect(results.map(({ name }) => name)).toEqual((await checks({ dataDir: folder })).map(({ name }) => name));
  expect(new Set(results.map(({ name }) => name)).size).toBe(results.length);
  for (const { detail } of results) expect(detail).not.toBe('');
});
