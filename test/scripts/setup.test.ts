import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let project: string;
let tools: string;

/** A project of which only the set-up is real: its programs, packages and build are ours to choose. */
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'kf setup '));
  tools = join(project, 'tools');
  for (const folder of ['scripts', 'src/node/doctor', 'node_modules', 'tools']) {
    await mkdir(join(project, folder), { recursive: true });
  }
  await copyFile(join(root, 'scripts/setup.mjs'), join(project, 'scripts/setup.mjs'));
  await chmod(project, 0o755);
  await programs([]);
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  await writeFile(join(project, 'package-lock.json'), '{}');
  await writeFile(join(project, 'node_modules/.package-lock.json'), '{}');
  await writeFile(
    join(project, 'scripts/build.mjs'),
    `import { appendFileSync, mkdirSync } from 'node:fs'; mkdirSync('dist', { recursive: true }); appendFileSync('built', 'x');`,
  );
});
afterEach(() => rm(project, { recursive: true }));

const programs = (server: readonly object[], test: readonly object[] = []) =>
  writeFile(join(project, 'src/node/doctor/programs.json'), JSON.stringify({ server, test }));

async function tool(name: string, script: string): Promise<void> {
  await writeFile(join(tools, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(tools, name), 0o755);
}

function setup(options: { uid?: number; test?: boolean; env?: Record<string, string> } = {}) {
  const code = `import(${JSON.stringify(`file://${encodeURI(project)}/scripts/setup.mjs`)}).then((m) => m.ensureSetup({ test: ${options.test ?? false} }))`;
  return spawnSync(process.execPath, ['-e', code], {
    cwd: project,
    encoding: 'utf8',
    env: { PATH: `${tools}:/usr/bin:/bin`, ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  });
}

const text = (path: string): Promise<string> => readFile(join(project, path), 'utf8').catch(() => '');

const missing = { program: 'kf-no-such-program', package: 'kf-none', why: 'does nothing' };

describe('Debian packages', () => {
  it.each(['deep/*/found.so', 'deep/ver*/found.so', 'deep/*ion/found.so'])('are there when %s is', async (path) => {
    await mkdir(join(project, 'deep/version'), { recursive: true });
    await writeFile(join(project, 'deep/a-file'), '');
    await programs([{ ...missing, path: join(project, path) }]);
    await tool('apt-get', `echo "$*" >> "${project}/apt"`);
    expect(setup().status).toBe(1);
    await writeFile(join(project, 'deep/version/found.so'), '');
    expect(setup().status).toBe(0);
  });

  it('are installed as root, said in one line each, and once', async () => {
    await programs([missing]);
    await tool(
      'apt-get',
      `echo "$*" >> "${project}/apt"; case "$*" in *install*) cp /bin/true "${tools}/kf-no-such-program";; esac`,
    );
    const first = setup();
    expect(first.status, first.stderr).toBe(0);
    expect(first.stdout).toContain('Installing kf-none: does nothing.\n');
    expect(await text('apt')).toContain('install -y --no-install-recommends kf-none');
    const before = await text('apt');
    expect(setup().stdout).toBe('');
    expect(await text('apt')).toBe(before);
  });

  it('are updated once when the lists name what the mirror no longer has', async () => {
    await programs([missing]);
    const works = `cp /bin/true "${tools}/kf-no-such-program"`;
    await tool(
      'apt-get',
      `echo "$*" >> "${project}/apt"
      case "$*" in *update*) touch "${project}/fresh";; *) [ -e "${project}/fresh" ] || exit 100; ${works};; esac`,
    );
    expect(setup().status).toBe(0);
    expect((await text('apt')).trim().split('\n').at(-1)).toContain('install');
  });

  it('that cannot be had end it with the command and apt’s own words', async () => {
    await programs([missing]);
    await tool('apt-get', 'echo "E: Unable to locate package kf-none" >&2; exit 100');
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toContain('Unable to locate package kf-none');
    expect(stderr).toContain('apt-get install -y --no-install-recommends kf-none did not work');
  });

  it('without root are one line to type', async () => {
    await programs([missing]);
    await tool('apt-get', 'echo called >> /dev/stdout');
    const { status, stderr, stdout } = setup({ uid: 65534 });
    expect(status).toBe(1);
    expect(stderr).toContain('\n  sudo apt-get install -y --no-install-recommends kf-none\n');
    expect(stdout).toBe('');
  });

  it('for tests are asked for by tests only, and found by path too', async () => {
    const python = { program: 'python3', path: `${project}/lib/python3*/ensurepip`, package: 'kf-venv', why: 'x' };
    await programs([], [python]);
    await tool('apt-get', 'exit 100');
    expect(setup().status).toBe(0);
    expect(setup({ test: true }).status).toBe(1);
    await mkdir(join(project, 'lib/python3.11/ensurepip'), { recursive: true });
    expect(setup({ test: true }).status).toBe(0);
  });
});

describe('npm packages', () => {
  it('are installed when the lock file is newer, whatever HOME and NODE_ENV are', async () => {
    await tool('npm', `echo "$* home=$HOME env=$NODE_ENV" > "${project}/npm"; touch node_modules/.package-lock.json`);
    await rm(join(project, 'node_modules/.package-lock.json'));
    const { status, stdout } = setup({ env: { HOME: '', NODE_ENV: 'production' } });
    expect(status).toBe(0);
    expect(stdout).toContain('Installing npm packages');
    expect(await text('npm')).toBe(`ci --loglevel=error --include=dev home=${project}/.cache/home env=\n`);
    await rm(join(project, 'npm'));
    expect(setup().stdout).toBe('');
    expect(await text('npm')).toBe('');
  });

  it('that cannot be had end it with npm’s own words', async () => {
    await rm(join(project, 'node_modules/.package-lock.json'));
    await tool('npm', 'echo "npm error network" >&2; exit 1');
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toContain('npm error network');
  });
});

describe('the build', () => {
  it('runs when sources changed, came or went, and not otherwise', async () => {
    expect(setup().status).toBe(0);
    expect(setup().status).toBe(0);
    expect(await text('built')).toBe('x');
    await writeFile(join(project, 'src/new.ts'), '');
    setup();
    expect(await text('built')).toBe('xx');
    await rm(join(project, 'src/new.ts'));
    setup();
    expect(await text('built')).toBe('xxx');
    await rm(join(project, 'dist'), { recursive: true });
    setup();
    expect(await text('built')).toBe('xxxx');
  });

  it('that fails ends it', async () => {
    await writeFile(join(project, 'scripts/build.mjs'), 'process.exit(1)');
    expect(setup().status).toBe(1);
  });
});

it('bin/kf says what to type when nothing is built', async () => {
  await mkdir(join(project, 'bin'));
  // Its package.json says that it is CommonJS.
  for (const name of ['kf', 'package.json']) await copyFile(join(root, 'bin', name), join(project, 'bin', name));
  const { status, stderr } = spawnSync(join(project, 'bin/kf'), ['version'], { encoding: 'utf8' });
  expect(stderr).toContain('npm run build');
  expect(status).toBe(1);
});
