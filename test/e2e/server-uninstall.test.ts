import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { volatileDirectory } from '../../src/node/layout.ts';
import { inChroot } from '../support/chroot.ts';
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

/** All that the machine has, of whomever: in namespaces of the test's own, where nobody else changes anything. */
const wholeMachine = `
set -e
ip link set lo up
echo 0 > /proc/sys/net/ipv4/ip_forward
umount --recursive --lazy /run/netns 2>/dev/null || true
# Where mounts are shared, /run has them once more.
for path in $(cut -d ' ' -f 5 /proc/self/mountinfo | grep '^/run/netns/'); do umount --lazy "$path"; done
# What other servers have may go meanwhile.
for path in $(sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \\([^ ]*\\) .* \\/dev\\/loop.*/\\1/p' /proc/self/mountinfo); do umount --lazy "$path" || true; done
mount -t tmpfs tmpfs /run
mkdir /run/mount
state() {
  cut -d ' ' -f 4- /proc/self/mountinfo | sort
  ip -o link | cut -d ' ' -f 2-
  ip -o route
  for table in filter nat mangle raw; do iptables-save -t $table | grep -v '^#' | sed 's/ \\[[0-9:]*\\]//' || true; done
  grep -H . /proc/sys/net/ipv4/ip_forward
  find /run
}
state > "$1/before"
"$2" push app --task -p "$1/src" -c 'echo kept > /made/out; sleep 600'
"$2" create-service volume made -c '{"capacity":"16Mi"}'
"$2" bind-service app made -c '{"mount":"/made"}'
"$2" create-network-policy closed --app app --allow 192.0.2.7:5432
"$2" run-task app
"$2" run-task app -c 'until cat /made/out; do sleep 0.05; done' --wait
state > "$1/during"
"$2" server uninstall --yes
state > "$1/after"
`;

test.skipIf(inChroot())(
  'mounts, links, routes, firewall and forwarding of the whole machine are exactly as before',
  async () => {
    const own = await Kf.create();
    await own.source('.', { 'run.sh': 'true\n' });
    const program = fileURLToPath(new URL('../../bin/kf', import.meta.url));
    const args = ['--net', '--mount', '--', 'sh', '-c', wholeMachine, 'sh', own.home, program];
    const { status, stdout, stderr } = spawnSync('unshare', args, { env: own.env, encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
    const [before, during, after] = ['before', 'during', 'after'].map((name) =>
      readFileSync(join(own.home, name), 'utf8'),
    );
    for (const there of ['/volumes/', 'MASQUERADE', '192.0.2.7', 'ip_forward:1', '/run/netns/kf-']) {
      expect(during).toContain(there);
      expect(before).not.toContain(there);
    }
    expect(after).toBe(before);
    await own.remove();
  },
);

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

const testFolder = process.env.KF_TEST_DIR ?? tmpdir();

// Where the data directory lies in memory itself, all that tells the instance is gone with it.
test.skipIf(volatileDirectory(testFolder, 'x') === testFolder)(
  'of a server whose data directory somebody has removed while it runs: all that it has on the machine goes',
  async () => {
    const own = await Kf.create();
    await own.push('app', { 'run.sh': 'true\n' });
    const has = instanceOf(own.dataDir);
    const name = await startTask(own, 'app', 'sleep 600');
    await running(own, name);
    const pid = await own.serverPid();
    // What is mounted there cannot go.
    spawnSync('rm', ['-rf', '--one-file-system', own.dataDir]);
    expect(existsSync(join(own.dataDir, 'instance'))).toBe(false);
    expect(machineState(has).mounts.length).toBeGreaterThan(0);

    const second = await own.run(['tasks']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`goes on without them (process ${pid}): kf server uninstall ends it`);
    const { stderr } = await own.ok('server', 'uninstall', '--yes');
    expect(stderr).toMatch(
      /1 running task, which is terminated\n.*server that runs\n[\s\S]*whose data somebody has removed/,
    );
    expect(isAlive(pid)).toBe(false);
    expect(machineState(has)).toEqual(nothing);
    expect(existsSync(own.dataDir)).toBe(false);
    expect((await own.ok('server', 'uninstall')).stderr).toContain('nothing to remove');
    await own.remove();
  },
);
