import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { prepareCommand } from '../../../src/node/exec/prepare-command.ts';

const bundle = mkdtempSync(join(tmpdir(), 'kf-bundle-'));
afterAll(() => rmSync(bundle, { recursive: true }));

test('the runtime is told by a file that a command is the container’s own user, without rights to gain', () => {
  const own = { user: { uid: 2000, gid: 2000 }, args: ['sh'], env: ['A=1'], cwd: '/app', noNewPrivileges: true };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ process: own }));
  const { args, remove } = prepareCommand({ id: 'uid-0', bundle }, { root: '/run/r' }, ['test', '-e', '/x']);
  const file = args[4]!;
  expect(args).toEqual(['--root', '/run/r', 'exec', '--process', file, 'uid-0']);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ ...own, args: ['test', '-e', '/x'], terminal: false });
  remove();
  expect(existsSync(file)).toBe(false);
  expect(readdirSync(bundle)).toEqual(['config.json']);
});

test('a container that has gone says so', () => {
  expect(() => prepareCommand({ id: 'gone', bundle: join(bundle, 'gone') }, { root: '/r' }, ['true'])).toThrow(
    'ENOENT',
  );
});
