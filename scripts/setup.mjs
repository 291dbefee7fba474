/**
 * What `npm run demo` and `npm test` do first: everything that is missing, and nothing twice. Plain Node without
 * dependencies, since it runs before they are installed.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestNode = [20, 19];

/** Something is missing that this script cannot or may not mend; the message says what to type. */
class SetupError extends Error {}

/**
 * Installs Debian packages (as root) and npm packages, and builds `dist` where its sources have changed. Ends the
 * process with code 1 and one clear message when that is not possible.
 *
 * @param {{ test?: boolean, programs?: Program[] }} options `test`: also what only the tests need; `programs`: these
 *   instead of the server's
 * @typedef {{ program: string, path?: string, package: string, why: string }} Program
 */
export async function ensureSetup({ test = false, programs = programsOf(test) } = {}) {
  try {
    checkNode(process.versions.node);
    installDebianPackages(programs);
    installNpmPackages();
    build();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exit(1);
  }
}

/** @param {string} version */
function checkNode(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetupError(
    `Node.js ${oldestNode.join('.')} or newer is needed, this is ${version}: https://nodejs.org/en/download`,
  );
}

/** The same list that `kf doctor` goes by; what is optional is wanted by the tests only. */
function programsOf(test) {
  const lists = JSON.parse(readFileSync(join(root, 'src/node/doctor/programs.json'), 'utf8'));
  return [...lists.server, ...(test ? [...(lists.optional ?? []), ...lists.test] : [])];
}

const missingOf = (programs) =>
  programs.filter(({ program, path }) => (path === undefined ? !isOnPath(program) : !matches(path)));

function isOnPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A path with one `*`, as in /usr/lib/python3*\/ensurepip. */
function matches(pattern) {
  const [before, after = ''] = pattern.split('*');
  const folder = before.slice(0, before.lastIndexOf('/'));
  const start = before.slice(folder.length + 1);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const [end = '', ...rest] = after.split('/');
  return names.some((name) => name.startsWith(start) && name.endsWith(end) && existsSync(join(folder, name, ...rest)));
}

function installDebianPackages(programs) {
  const missing = missingOf(programs);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => program.package))];
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  const command = `apt-get ${install.join(' ')}`;
  if (!isOnPath('apt-get')) {
    throw new SetupError(
      `Missing: ${missing.map(({ program }) => program).join(', ')}. Install the equivalents of Debian's ${packages.join(', ')}.`,
    );
  }
  if (process.getuid() !== 0) {
    throw new SetupError(
      `Missing: ${packages.join(', ')}. Type this, then the same command again:\n\n  sudo ${command}\n`,
    );
  }
  for (const { package: name, why } of missing.filter(
    (one, index) => missing.findIndex((other) => other.package === one.package) === index,
  )) {
    console.log(`Installing ${name}: ${why}.`);
  }
  const hasLists =
    existsSync('/var/lib/apt/lists') && readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  // Lists that are old name versions that the mirror no longer has: then once more with new ones.
  const attempts = hasLists ? [[install], [['update'], install]] : [[['update'], install]];
  let failure = '';
  for (const commands of attempts) {
    failure = withoutServices(() => commands.map(aptGet).find((text) => text !== '') ?? '');
    if (failure === '') break;
  }
  const still = missingOf(programs);
  if (failure !== '' || still.length > 0) {
    throw new SetupError(
      `${failure}\n${command} did not work${still.length > 0 ? `: ${still.map(({ program }) => program).join(', ')} still missing` : ''}.`,
    );
  }
}

/** Debian starts the servers that it installs; the tests start their own, so here it is told not to. */
function withoutServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy) || !existsSync(dirname(policy))) return work();
  try {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  } catch {
    return work();
  }
  try {
    return work();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** Its complaints, or nothing. */
function aptGet(args) {
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const { status, error, stdout, stderr } = spawnSync('apt-get', [...options, ...args], { env, encoding: 'utf8' });
  if (status === 0) return '';
  return [error?.message, stdout, stderr].filter(Boolean).join('\n').trim() || `apt-get ended with code ${status}`;
}

/** `npm ci` writes its own copy of the lock file last. */
function installNpmPackages() {
  const installed = modified(join(root, 'node_modules/.package-lock.json'));
  if (installed >= modified(join(root, 'package-lock.json'))) return;
  console.log('Installing npm packages, up to half a minute.');
  const env = {
    ...process.env,
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
  // The development packages are needed: they build the program.
  delete env.NODE_ENV;
  if (!env.HOME) {
    env.HOME = join(root, '.cache/home');
    mkdirSync(env.HOME, { recursive: true });
  }
  const args = ['ci', '--loglevel=error', '--include=dev'];
  const { status, error, stdout, stderr } = spawnSync('npm', args, { cwd: root, env, encoding: 'utf8' });
  if (error?.code === 'ENOENT')
    throw new SetupError('npm is missing; it comes with Node.js: https://nodejs.org/en/download');
  if (status !== 0) throw new SetupError(`${stdout}\n${stderr}\nnpm ci did not work; its messages are above.`);
}

/** Unless it was built from exactly these sources. */
function build() {
  const sources = join(root, 'dist/.sources');
  const fingerprint = fingerprintOf(['src', 'scripts', 'package.json', 'package-lock.json']);
  if (existsSync(sources) && readFileSync(sources, 'utf8') === fingerprint) return;
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new SetupError('The build did not work; its messages are above.');
  writeFileSync(sources, fingerprint);
}

/** Names, sizes and times of all files: as good as their content, and read in milliseconds. */
function fingerprintOf(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const found = statSync(path);
    if (!found.isDirectory()) return void hash.update(`${path}\0${found.size}\0${found.mtimeMs}\n`);
    for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  for (const path of paths) visit(join(root, path));
  return hash.digest('hex');
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
