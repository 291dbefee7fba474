import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { FolderWatch } from '../../src/node/logs/folder-watch.ts';
import { isAlive, Kf } from '../support/kf.ts';
import { running, startTask } from '../support/kf-tasks.ts';

const programs = fileURLToPath(new URL('../support/bin', import.meta.url));

/** Resolves with the process id of the server that comes after another one. */
async function nextServer(kf: Kf, before: number): Promise<number> {
  const watch = new FolderWatch();
  watch.add(kf.dataDir);
  try {
    for (;;) {
      // A server writes its file there when it is ready.
      const seen = watch.changes;
      const { stdout } = await kf.run(['server', 'status', '-o', 'json']);
      const status = JSON.parse(stdout) as { running: boolean; pid: number };
      if (status.running && status.pid !== before) return status.pid;
      await watch.after(seen);
    }
  } finally {
    watch.close();
  }
}

/** There a unit is made instead: `npm run test:vm`. */
const hasSystemd = existsSync('/run/systemd/system');

test.skipIf(hasSystemd)(
  'without systemd: an enabled server comes back after a crash, not after a stop, and its tasks go on',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kf-cron-'));
    const crontab = join(folder, 'crontab');
    const kf = await Kf.create({ PATH: `${programs}:${process.env.PATH}`, CRONTAB_FILE: crontab });
    onTestFinished(async () => {
      await kf.remove();
      await rm(folder, { recursive: true });
    });
    await writeFile(crontab, '# mine\n');
    await kf.ok('server', 'start');
    const first = await kf.serverPid();
    expect((await kf.ok('server', 'status')).stdout).toMatch(/Starts At Boot: +no/);
    await kf.push('app', { 'run.sh': 'exit 0\n' });

    const { stderr } = await kf.ok('server', 'enable');
    expect(stderr).toContain("The server starts at boot and after a crash, by root's crontab.");
    expect(isAlive(first)).toBe(false);
    expect(await readFile(crontab, 'utf8')).toContain(`@reboot /bin/sh ${kf.dataDir}/keeper.sh`);
    expect(await kf.json('server', 'status')).toMatchObject({ running: true, atBoot: 'cron' });
    expect((await kf.ok('create-job', 'app', 'nightly', 'true', '-s', '@daily')).stderr).not.toContain('only while');

    await running(kf, await startTask(kf, 'app', 'sleep 600'));
    const second = await kf.serverPid();
    await kf.killServer();
    const third = await nextServer(kf, second);
    await kf.ok('server', 'restart');
    const fourth = await nextServer(kf, third);
    await kf.killServer();
    await nextServer(kf, fourth);
    expect((await kf.ok('server', 'stop')).stderr).toContain('1 task goes on running');
    expect((await kf.run(['server', 'status'])).stderr).toContain('It starts at boot (cron).');

    expect((await kf.ok('tasks', '--state', 'running', '-o', 'name')).stdout.split('\n').length).toBe(2);
    expect((await kf.ok('server', 'disable')).stderr).toContain('It goes on running until: kf server stop');
    expect(await readFile(crontab, 'utf8')).toBe('# mine\n');
    await kf.killServer();
    expect((await kf.run(['server', 'status'])).code).toBe(1);
  },
);
