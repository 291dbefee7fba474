/** Every test, unit and end-to-end, after the same set-up as the demo. Arguments are passed on to vitest. */

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSetup } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await ensureSetup({ test: true });

// Nothing of the caller's: another server, cluster or home in the environment must not be touched.
const temporary = roomyFolder();
const scratch = mkdtempSync(join(temporary, 'kf-test-'));
// Tests run programs as other users, who must get through.
chmodSync(scratch, 0o711);
const env = { ...process.env, TMPDIR: temporary, HOME: scratch, KF_HOME: join(scratch, 'kf'), KF_TEST_DIR: scratch };
for (const name of Object.keys(env)) {
  if (name === 'KUBECONFIG' || name.startsWith('XDG_') || (name.startsWith('KF_') && !kept(name))) delete env[name];
}

/** Servers, images and disks are made in it: not in memory, where systemd has /tmp (Debian's from 13 on). */
function roomyFolder() {
  const tmpfs = 0x01021994;
  const inMemory = process.env.TMPDIR === undefined && statfsSync(tmpdir()).type === tmpfs;
  return inMemory && existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
}

/** Set above, or meant for the tests. */
function kept(name) {
  return ['KF_HOME', 'KF_TEST_DIR', 'KF_TEST_PATIENCE', 'KF_KUBECTL', 'KF_TKN', 'KF_KILLS', 'KF_LOG_MB'].includes(name);
}

const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const results = join(scratch, 'results.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  env,
  stdio: 'inherit',
});
// A terminal sends Ctrl-C to both; vitest ends by itself and this process tidies up after it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (code, signal) => {
  const line = summary();
  const left = tidyUp();
  if (left !== undefined) console.log(left);
  console.log(line);
  process.exitCode = code || (signal === null ? Number(left !== undefined) : 128 + (signal === 'SIGINT' ? 2 : 15));
});

/** The last line: how many ran, and by name which could not run on this machine. */
function summary() {
  try {
    const files = JSON.parse(readFileSync(results, 'utf8')).testResults;
    const tests = files.flatMap((file) => file.assertionResults);
    const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
    const names = skipped.map(({ fullName }) => fullName).join('; ');
    return `${tests.length - skipped.length} tests ran, ${skipped.length} could not run here${names && `: ${names}`}`;
  } catch {
    return 'The tests did not get to their end.';
  }
}

/**
 * A test that was cut short leaves its server, containers and mounts: a server that starts sweeps, and one that is
 * stopped with --kill leaves nothing. What remains then is a fault, and returned as a line.
 */
function tidyUp() {
  for (const home of serverHomes(scratch, 3)) {
    for (const args of [['start'], ['stop', '--kill']]) {
      const options = { env: { ...env, KF_HOME: home, KF_PORT: '0' }, stdio: 'ignore', timeout: 60_000 };
      spawnSync(process.execPath, [join(root, 'bin/kf'), 'server', ...args], options);
    }
  }
  try {
    rmSync(scratch, { recursive: true, force: true });
  } catch (error) {
    return `Left behind by a test: ${error.message}`;
  }
}

/** Data directories of servers, at most so many folders deep. */
function serverHomes(folder, depth) {
  if (existsSync(join(folder, 'instance'))) return [folder];
  if (depth === 0) return [];
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => serverHomes(join(folder, name), depth - 1));
}
