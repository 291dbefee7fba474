/** Every test, unit and end-to-end, after the same set-up as the demo. Arguments are passed on to vitest. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSetup } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await ensureSetup({ test: true });

// Nothing of the caller's: another server, cluster or home in the environment must not be touched.
const scratch = mkdtempSync(join(tmpdir(), 'kf-test-'));
const env = { ...process.env, HOME: scratch, KF_HOME: join(scratch, 'kf'), KF_TEST_DIR: scratch };
for (const name of Object.keys(env)) {
  if (name === 'KUBECONFIG' || name.startsWith('XDG_') || (name.startsWith('KF_') && !kept(name))) delete env[name];
}

/** Set above, or meant for the tests. */
function kept(name) {
  return ['KF_HOME', 'KF_TEST_DIR', 'KF_KUBECTL'].includes(name);
}

const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' });
// A terminal sends Ctrl-C to both; vitest ends by itself and this process tidies up after it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (code, signal) => {
  rmSync(scratch, { recursive: true, force: true });
  process.exitCode = code ?? 128 + (signal === 'SIGINT' ? 2 : 15);
});
