// The README's first command: set-up, build, a server of its own, and one task from push to result.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSetup } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const home = join(root, '.cache', 'demo');
const kf = join(root, 'bin', 'kf');

// Nothing of the caller's: another server, cluster or space in the environment must not be touched.
const env = { ...process.env, KF_HOME: home, HOME: home, KF_PORT: '0' };
for (const name of ['KUBECONFIG', 'KF_AUTOSTART']) delete env[name];

const color = process.stdout.isTTY ? (code, text) => `\x1b[${code}m${text}\x1b[0m` : (_, text) => text;

/** Runs one command as a reader would type it. */
function step(...args) {
  console.log(color('1;36', `\n$ kf ${args.map((word) => (/[ "$*]/.test(word) ? `'${word}'` : word)).join(' ')}`));
  const { status } = spawnSync(kf, args, { env, cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`\nkf ${args[0]} exited with code ${status}. The server's log: ${join(home, 'server.log')}`);
    process.exit(status ?? 1);
  }
}

await ensureSetup({ test: false });
const started = Date.now();
step('server', 'restart');
step('push', 'etl', '--task', '-p', 'examples/etl', '-f', 'examples/etl/manifest.yml');
step('run-task', 'etl', '--follow');
step('tasks', 'etl');
console.log(`
Done in ${((Date.now() - started) / 1000).toFixed(1)} s. The demo's server goes on running. What to try next:

  export KF_HOME=${home} PATH=${join(root, 'bin')}:$PATH
  kf run-task etl -c 'echo hello from $KF_TASK_NAME; exit 3' --wait; echo "exit code $?"
  kf task etl 1                       everything about one task
  kf logs etl --task --last           its log
  KUBECONFIG=$KF_HOME/kubeconfig kubectl get tasks,pipelineruns,taskruns,pods -n dev
  kf server stop                      ends the demo's server
  kf server uninstall                 removes it with all it has made: before this folder goes
`);
