import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { prepareCommand, runPrepared } from '../../../src/node/exec/prepare-command.ts';

const bundle = mkdtempSync(join(tmpdir(), 'kf-bundle-'));
afterAll(() => rmSync(bundle, { recursive: true }));

const place = {
  id: 'uid-0',
  runtime: { path: '/usr/sbin/runc', root: '/run/r', isRunc: true },
  cgroups: { pids: async () => [] },
};

test('the runtime is told by a file that a command is the container’s own user, without rights to gain', () => {
  const own = { user: { uid: 2000, gid: 2000 }, args: ['sh'], env: ['A=1'], cwd: '/app', noNewPrivileges: true };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ process: own }));
  const { program, args, remove } = prepareCommand({ ...place, bundle }, ['test', '-e', '/x']);
  const file = args[4]!;
  expect(program).toBe('/usr/sbin/runc');
  expect(args).toEqual([
    ...['--root', '/run/r', 'exec', '--process', file],
    ...['--pid-file', join(dirname(file), 'pid'), 'uid-0'],
  ]);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ ...own, args: ['test', '-e', '/x'], terminal: false });
  remove();
  expect(existsSync(file)).toBe(false);
  expect(readdirSync(bundle)).toEqual(['config.json']);
});

test('a container that has gone says so', () => {
  expect(() => prepareCommand({ ...place, bundle: join(bundle, 'gone') }, ['true'])).toThrow('ENOENT');
});

test('what the runtime has left of a command that was cut short is ended; one that ended well is not looked for', async () => {
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ process: { args: ['sh'], env: [] } }));
  const left = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  const ended = once(left, 'exit');
  let asked = 0;
  const cgroups = {
    pids: async () => {
      asked += 1;
      return [left.pid!];
    },
  };
  const begin = async (_: string, args: readonly string[]): Promise<void> =>
    writeFileSync(args[args.indexOf('--pid-file') + 1]!, String(left.pid));
  await runPrepared(prepareCommand({ ...place, bundle, cgroups }, ['true']), begin);
  expect(asked).toBe(0);
  const cut = runPrepared(prepareCommand({ ...place, bundle, cgroups }, ['true']), async (program, args) => {
    await begin(program, args);
    throw new Error('too long');
  });
  await expect(cut).rejects.toThrow('too long');
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(readdirSync(bundle)).toEqual(['config.json']);
});
