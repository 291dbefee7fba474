/** A folder of Tekton's manifests, run on a server of its own, after the same set-up as the tests. */

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSetup } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await ensureSetup({ test: true });

// Another server or cluster in the environment must not be touched.
const env = { ...process.env };
for (const name of Object.keys(env))
  if (name === 'KUBECONFIG' || (name.startsWith('KF_') && name !== 'KF_TEKTON_EXAMPLES')) delete env[name];

const main = join(root, 'test/tekton/suite/main.ts');
const child = spawn(process.execPath, ['--import', 'tsx', main, ...process.argv.slice(2)], { env, stdio: 'inherit' });
// A terminal sends Ctrl-C to both; the child stops its server.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
