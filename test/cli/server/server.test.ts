import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BootMachine } from '../../../src/cli/server/boot/machine.ts';
import { findServer, isAlive, readServerFile } from '../../../src/cli/server/server-file.ts';
import { ensureServer, type StartOptions } from '../../../src/cli/server/start.ts';
import { tryLock } from '../../../src/cli/server/start-lock.ts';
import { stopServer } from '../../../src/cli/server/stop.ts';
import { Running } from '../support.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const program = { file: fixture('server.mjs'), argv: [fixture('server.mjs')] };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kf-home-'));
});
afterEach(async () => {
  await stopServer(home).catch(() => undefined);
  rmSync(home, { recursive: true, force: true });
});

const options = (env: Readonly<Record<string, string>> = {}): StartOptions => ({
  home,
  io: new Running().io,
  env: { ...process.env, KF_HOME: home, ...env },
  program,
  uid: 0,
});
const starts = (): number => readFileSync(join(home, 'starts'), 'utf8').trimEnd().split('\n').length;
const noProcess = 2 ** 22 + 1;

describe('starting', () => {
  test('in the background, in / and in a session of its own, with `run`; a second call finds it', async () => {
    const info = await ensureServer(options());
    expect(isAlive(info.pid)).toBe(true);
    expect(info).toMatchObject({ cwd: '/', argv: ['run'] });
    expect(readFileSync(`/proc/${info.pid}/stat`, 'utf8').split(' ')[5]).toBe(String(info.pid));
    expect((await ensureServer(options())).pid).toBe(info.pid);
    expect(starts()).toBe(1);
  });

  test('holding no descriptor of its starter, not even one that the starter inherited', async () => {
    const precious = join(home, 'precious');
    const fd = openSync(precious, 'w');
    const child = spawn(process.execPath, ['--import', 'tsx', fixture('ensure.ts')], {
      env: { ...process.env, KF_HOME: home },
      stdio: ['ignore', 'pipe', 'inherit', fd, ...Array.from({ length: 16 }, () => 'ignore' as const), fd],
    });
    // Ends only when the last holder of the pipe has gone: the server must not be one.
    await new Promise((resolve) => child.stdout?.resume().on('close', resolve));
    const { links } = (await readServerFile(home)) as unknown as { links: string[] };
    expect(links.filter((link) => link.includes('precious'))).toEqual([]);
  });

  test('ten at once start one', async () => {
    const pids = await Promise.all(Array.from({ length: 10 }, () => ensureServer(options()).then(({ pid }) => pid)));
    expect(new Set(pids).size).toBe(1);
    expect(starts()).toBe(1);
  });

  test('ten processes at once start one', { timeout: 60_000 }, async () => {
    const outputs = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const child = spawn(process.execPath, ['--import', 'tsx', fixture('ensure.ts')], {
          env: { ...process.env, KF_HOME: home },
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let output = '';
        child.stdout.on('data', (data) => {
          output += data;
        });
        await new Promise((resolve) => child.on('close', resolve));
        return output;
      }),
    );
    expect(new Set(outputs).size).toBe(1);
    expect(Number(outputs[0])).toBe((await findServer(home))?.pid);
    expect(starts()).toBe(1);
  });

  test('the server’s own last words are the reason of a failure', async () => {
    await expect(ensureServer(options({ FAKE_FAIL: 'port 6786 is taken' }))).rejects.toThrow(
      /^the embedded server did not start: port 6786 is taken$/,
    );
    expect((await tryLock(home))?.release).toBeTypeOf('function');
  });

  test('without root, and where nothing can be written: clear errors', async () => {
    await expect(ensureServer({ ...options(), uid: 1000 })).rejects.toThrow(
      `starting it needs root: sudo KF_HOME=${home} kf server start`,
    );
    writeFileSync(join(home, 'file'), '');
    await expect(ensureServer({ ...options(), home: join(home, 'file', 'x') })).rejects.toThrow(
      /cannot write to the data directory .*file\/x: .*choose another with KF_HOME/,
    );
  });

  test('a server.json that a crash left does not count, even when its process id lives on in another', async () => {
    for (const pid of [noProcess, process.pid]) {
      writeFileSync(join(home, 'server.json'), JSON.stringify({ pid, url: 'https://127.0.0.1:1' }));
      expect(await findServer(home)).toBeUndefined();
    }
    expect((await ensureServer(options())).pid).not.toBe(process.pid);
  });
});

describe('the start lock', () => {
  test('is held by one, and taken over from the dead', async () => {
    const lock = await tryLock(home);
    expect(await tryLock(home)).toBeUndefined();
    await lock?.release();
    // As this version leaves it, and as older ones did.
    symlinkSync(String(noProcess), join(home, 'start.lock'));
    for (const _ of ['link', 'file']) {
      const locks = await Promise.all([tryLock(home), tryLock(home), tryLock(home)]);
      expect(locks.filter((one) => one !== undefined).length).toBe(1);
      for (const one of locks) await one?.release();
      expect(readdirSync(home).filter((name) => name.startsWith('start.lock'))).toEqual([]);
      writeFileSync(join(home, 'start.lock'), `${noProcess}\n`);
    }
  });
});

test('stopping waits for the end; where none runs there is nothing to stop', async () => {
  expect(await stopServer(home)).toBeUndefined();
  const { pid } = await ensureServer(options());
  expect((await stopServer(home))?.pid).toBe(pid);
  expect(isAlive(pid)).toBe(false);
});

describe('a server that systemd starts at boot', () => {
  /** Does what the unit says with the fixture's server: its start is over when the server answers. @param idle its states before */
  function systemd(
    env: Readonly<Record<string, string>> = {},
    idle: string[] = [],
  ): BootMachine & { readonly calls: string[] } {
    const calls: string[] = [];
    let starting: Promise<string> | undefined;
    const commands: Readonly<Record<string, (property: string | undefined) => Promise<string> | string>> = {
      start: () => (starting ??= startFixture(env).finally(() => (starting = undefined))),
      async stop() {
        const info = await readServerFile(home);
        if (info !== undefined) process.kill(info.pid, 'SIGTERM');
        return '';
      },
      show(property) {
        if (property === '--property=NRestarts') return '0\n';
        return starting === undefined ? `${idle.shift() ?? 'dead'}\n` : 'start\n';
      },
    };
    return {
      calls,
      hasSystemd: true,
      unitFolder: home,
      async run(command, args) {
        const [what = '', property] = args;
        calls.push(what);
        return commands[what]?.(property) ?? fail(command);
      },
    };
  }

  async function startFixture(env: Readonly<Record<string, string>>): Promise<string> {
    const log = openSync(join(home, 'server.log'), 'a');
    const child = spawn(process.execPath, program.argv, {
      stdio: ['ignore', log, log],
      env: { KF_HOME: home, ...env },
    });
    while (child.exitCode === null && (await findServer(home)) === undefined) await new Promise(setImmediate);
    if (child.exitCode !== null) throw new Error('Job for kf.service failed');
    return '';
  }

  const fail = (what: string): never => {
    throw new Error(`unexpected: ${what}`);
  };

  beforeEach(() => writeFileSync(join(home, 'boot.json'), '{"manager":"systemd"}'));

  test('is started and stopped as its unit', async () => {
    const machine = systemd();
    const { pid } = await ensureServer({ ...options(), machine });
    expect(machine.calls.filter((call) => call !== 'show')).toEqual(['start']);
    expect((await stopServer(home, machine))?.pid).toBe(pid);
    expect(isAlive(pid)).toBe(false);
    expect(machine.calls.at(-1)).toBe('stop');
  });

  test('what systemd is just starting is waited for, not started again', async () => {
    const machine = systemd();
    const boot = machine.run('systemctl', ['start', 'kf.service']);
    await ensureServer({ ...options(), machine });
    await boot;
    expect(machine.calls).not.toContain('stop');
    expect(starts()).toBe(1);
  });

  test("a stop of somebody else's comes to its end; what would be started again after a crash is stopped", async () => {
    const stopping = systemd({}, ['stop-sigterm', 'stop-sigterm']);
    await ensureServer({ ...options(), machine: stopping });
    expect(stopping.calls.slice(0, 4)).toEqual(['show', 'show', 'show', 'start']);
    await stopServer(home, stopping);
    const crashed = systemd({}, ['auto-restart']);
    await ensureServer({ ...options(), machine: crashed });
    expect(crashed.calls.slice(0, 3)).toEqual(['show', 'stop', 'start']);
  });

  test('when it does not come up, it is said why, and it is not tried for ever', async () => {
    const machine = systemd({ FAKE_FAIL: 'the port is taken' });
    await expect(ensureServer({ ...options(), machine })).rejects.toThrow('did not start: the port is taken');
    expect(machine.calls.at(-1)).toBe('stop');
  });
});
