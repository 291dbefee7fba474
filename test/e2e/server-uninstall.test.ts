import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, Kf } from '../support/kf.ts';
import { running, startTask } from '../support/kf-tasks.ts';
import { type Instance, instanceOf, machineState, nothing } from '../support/machine-state.ts';

let kf: Kf;
let host: string;
let instance: Instance;
beforeAll(async () => {
  host = mkdtempSync('/srv/kf-e2e-');
  const programs = fileURLToPath(new URL('../support/bin', import.meta.url));
  kf = await Kf.create({ PATH: `${programs}:${process.env.PATH}`, CRONTAB_FILE: join(host, 'crontab') });
  await kf.push('app', { 'run.sh': 'true\n' });
  instance = instanceOf(kf.dataDir);
  writeFileSync(join(host, 'file'), 'mine');
  await kf.ok('configure-server', 'allow-host-path', host, '--chown');
  await kf.ok('create-service', 'volume', 'made', '-c', '{"capacity":"16Mi"}');
  await kf.ok('create-service', 'volume', 'dir', '-c', JSON.stringify({ path: host }));
  for (const name of ['made', 'dir']) await kf.ok('bind-service', 'app', name, '-c', `{"mount":"/${name}"}`);
});
afterAll(async () => {
  await kf.remove();
  rmSync(host, { recursive: true, force: true });
});

const startLong = async (): Promise<void> => {
  const name = await startTask(kf, 'app', 'echo out >/made/out; echo out >/dir/out; sleep 600');
  await running(kf, name);
};

test('unasked nothing is removed; with --keep-data all but the data, and the next server goes on with them', async () => {
  await kf.ok('server', 'enable');
  await startLong();
  const pid = await kf.serverPid();
  const before = machineState(instance);
  expect(before.mounts.length).toBeGreaterThan(0);

  const unasked = await kf.run(['server', 'uninstall']);
  expect(unasked.code).toBe(1);
  expect(unasked.stderr).toMatch(
    /1 running task, which is terminated\n.*server that runs\n.*its start at boot \((cron|systemd)\)/,
  );
  expect(unasked.stderr).toContain(`the data in ${kf.dataDir}`);
  expect(unasked.stderr).toContain('Error: nothing was removed: it was not confirmed');
  expect(isAlive(pid)).toBe(true);
  expect(machineState(instance).processes).toEqual(before.processes);

  const kept = await kf.ok('server', 'uninstall', '--keep-data', '--yes');
  expect(kept.stderr).toContain(`Removed. The data are kept in ${kf.dataDir}.`);
  expect(isAlive(pid)).toBe(false);
  expect(machineState(instance)).toEqual(nothing);
  expect(existsSync(join(host, 'crontab'))).toBe(false);

  const { stdout } = await kf.ok('run-task', 'app', '-c', 'cat /made/out', '--follow');
  expect(stdout).toContain('out\n');
  expect((await kf.ok('task', 'app', '1')).stdout).toContain('terminated');
});

test('of a server that was killed and cannot start: nothing is left but what is not the server’s', async () => {
  await startLong();
  await kf.killServer();
  expect(machineState(instance).mounts.length).toBeGreaterThan(0);
  const database = new Database(join(kf.dataDir, 'store.db'));
  database.exec("UPDATE meta SET value = 99 WHERE name = 'schemaVersion'");
  database.close();
  writeFileSync(join(kf.dataDir, 'notes.txt'), 'mine');

  const { stderr } = await kf.ok('server', 'uninstall', '--yes');
  expect(stderr).toMatch(/WARNING: .*newer version.*what runs is ended without it/);
  expect(stderr).toContain(`Not the server's, and left in ${kf.dataDir}: notes.txt`);
  expect(machineState(instance)).toEqual(nothing);
  expect(readdirSync(kf.dataDir)).toEqual(['notes.txt']);
  expect(readFileSync(join(host, 'file'), 'utf8')).toBe('mine');
  expect(readFileSync(join(host, 'out'), 'utf8')).toBe('out\n');

  expect((await kf.ok('server', 'uninstall')).stderr).toContain('nothing to remove');
});
