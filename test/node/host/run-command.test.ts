import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CommandShells } from '../../../src/node/host/command-shells.ts';
import { type CommandError, type RunCommand, runCommand } from '../../../src/node/host/run-command.ts';

const shells = new CommandShells({ size: 2 });
afterAll(() => shells.close());

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const ways: readonly (readonly [string, RunCommand])[] = [
  ['by itself', runCommand],
  ['by a shell that is kept', shells.run],
];

describe.each(ways)('a program run %s', (_, run) => {
  test('gives its output and takes input', async () => {
    expect(await run('cat', [], { input: 'a b\n' })).toBe('a b\n');
    // Input that nobody reads is no error.
    expect(await run('true', [], { input: 'x'.repeat(1 << 20) })).toBe('');
    expect(await run('cat', [])).toBe('');
  });

  test('gets its arguments as they are', async () => {
    const args = ["it's", '$HOME `id`', 'two\nlines', '', '*', '\\', '"'];
    expect(await run('printf', ['[%s]', ...args])).toBe(args.map((arg) => `[${arg}]`).join(''));
  });

  test('says which program failed and how', async () => {
    await expect(run('sh', ['-c', 'echo bad >&2; exit 3'])).rejects.toMatchObject({
      message: 'sh -c echo bad >&2; exit 3: exit code 3: bad',
      exitCode: 3,
    });
    await expect(run('kf-no-such-program', ['x'])).rejects.toThrow('kf-no-such-program x: not installed');
    await expect(run('sh', ['-c', 'kill -9 $$'])).rejects.toThrow(/SIGKILL|137/);
  });

  test('what nobody wants to hear is not kept', async () => {
    const endless = 'head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2; exit ';
    expect(await run('sh', ['-c', `${endless} 0`], { quiet: true })).toBe('');
    const error = await run('sh', ['-c', `${endless} 3`], { quiet: true }).catch((thrown: CommandError) => thrown);
    expect(error).toMatchObject({ exitCode: 3 });
    expect((error as CommandError).message.length).toBeLessThan(5000);
  });

  test('with much output, and many at a time', async () => {
    const texts = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        run('sh', ['-c', `head -c 300000 /dev/zero | tr '\\0' ${i % 10}; echo end ${i} >&2`]),
      ),
    );
    for (const [i, text] of texts.entries()) expect(text === String(i % 10).repeat(300_000)).toBe(true);
  });
});

test('without a descriptor left a program does not run, which is said, and the next one does', async () => {
  const fresh = new CommandShells({ size: 1 });
  const limit = (most: string): unknown => execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${most}:`]);
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))![1]!;
  limit(String(readdirSync('/proc/self/fd').length + 100));
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // There are no more.
  }
  const said: unknown[] = [];
  for (const run of [runCommand, fresh.run]) said.push(await run('true', []).catch((error: Error) => error.message));
  for (const fd of taken) closeSync(fd);
  limit(soft);
  expect(said).toEqual([
    expect.stringContaining('too many open files'),
    expect.stringContaining('too many open files'),
  ]);
  expect(await fresh.run('echo', ['next'])).toBe('next\n');
  fresh.close();
});

test('a stuck program is killed, with all that it started; the next one runs', async () => {
  const hasty = new CommandShells({ size: 1, timeout: 200 });
  const stuck = hasty.run('sh', ['-c', 'sleep 1000 & echo $!; wait']);
  const next = hasty.run('echo', ['next']);
  await expect(stuck).rejects.toThrow('ended by SIGKILL');
  expect(await next).toBe('next\n');
  hasty.close();
});

test('a program that is cut short is killed, with all that it started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kf-cut-'));
  const file = join(folder, 'pid');
  const cut = new AbortController();
  const { signal } = cut;
  const running = runCommand('sh', ['-c', 'sleep 1000 & echo $! >"$1.new"; mv "$1.new" "$1"; wait', 'sh', file], {
    signal,
  });
  while (!existsSync(file)) await runCommand('true', []);
  cut.abort();
  await expect(running).rejects.toThrow('cut short');
  const pid = Number(readFileSync(file, 'utf8'));
  // Who takes in its exit code is not our business.
  while (existsSync(`/proc/${pid}/exe`)) await runCommand('true', []);
  await expect(runCommand('true', [], { signal })).rejects.toThrow('not started');
  rmSync(folder, { recursive: true });
});

test('a shell that was killed while it was idle is replaced', async () => {
  const one = new CommandShells({ size: 1 });
  const shell = (): Promise<string> => one.run('sh', ['-c', 'echo $PPID']);
  const first = Number(await shell());
  process.kill(first, 'SIGKILL');
  while (isThere(first)) await runCommand('true', []);
  const second = Number(await shell());
  expect(second).toBeGreaterThan(0);
  expect(second).not.toBe(first);
  one.close();
});

test('what runs when it is closed ends well', async () => {
  const closing = new CommandShells();
  const last = closing.run('sh', ['-c', 'sleep 0.05; echo done']);
  closing.close();
  expect(await last).toBe('done\n');
});

test('a program that may take long has its own time', async () => {
  const shells = new CommandShells({ size: 1, timeout: 100 });
  await expect(shells.run('sleep', ['0.3'], { timeout: 20_000 })).resolves.toBe('');
  await expect(shells.run('sleep', ['20'])).rejects.toThrow('ended by SIGKILL');
  shells.close();
});
