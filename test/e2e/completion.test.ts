/** Completion in real shells: a terminal, a Tab, and what the shell makes of it. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const typist = fileURLToPath(new URL('../support/completion/type.py', import.meta.url));

let kf: Kf;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  kf = await Kf.create();
  const bin = join(kf.home, 'bin');
  mkdirSync(bin);
  symlinkSync(join(root, 'bin/kf'), join(bin, 'kf'));
  env = { ...kf.env, PATH: `${bin}:${kf.env.PATH}`, TERM: 'xterm', COLUMNS: '200' };
  for (const name of ['report', 'reindex']) await kf.push(name, { 'run.sh': 'true\n' });
  await kf.ok('create-job', 'report', 'nightly', 'true');
  await kf.ok('create-service', 'volume', 'backups', '-c', '{"capacity":"16Mi"}');
  await kf.ok('run-task', 'report', '-c', 'true', '--wait');
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(join(kf.home, shell), (await kf.ok('completion', shell)).stdout);
  mkdirSync(join(kf.home, 'sources'));
  writeFileSync(join(kf.home, 'source-list.yml'), '');
});
afterAll(() => kf.remove());

type Step = readonly [typed: string, expected: string];

const starts: Readonly<Record<string, { readonly command: readonly string[]; readonly setup: string }>> = {
  bash: {
    command: ['bash', '--norc', '--noprofile', '-i'],
    setup: "PS1='> '; bind 'set show-all-if-ambiguous on' 'set enable-bracketed-paste off'; . ./bash; echo re''ady\n",
  },
  zsh: {
    command: ['zsh', '-f', '-i'],
    setup:
      "PS1='> '; unset zle_bracketed_paste; setopt noautomenu; unsetopt listambiguous; autoload -Uz compinit; compinit -u -D; . ./zsh; echo re''ady\n",
  },
};

function typeInto(shell: string, steps: readonly Step[]): Promise<string> {
  const { command, setup } = starts[shell]!;
  const child = spawn('python3', [typist, ...command], { cwd: kf.home, env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify([[setup, 'ready\\n(.*\\n)*.*> '], ...steps]));
  let said = '';
  child.stdout.on('data', (data: Buffer) => {
    said += data;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve(code === 0 ? 'as expected' : said)));
}

/** Typed in a terminal of bash and of zsh. */
const steps: readonly Step[] = [
  ['kf run-ta\t', 'kf run-task $'],
  ['kf run-task rep\t', 'kf run-task report $'],
  ['kf run-task \t', 'reindex(.|\\n)*report'],
  ['kf terminate-task report \t', 'report 1 $'],
  ['kf run-job \t', 'run-job nightly $'],
  ['kf --space=d\t', '--space=dev $'],
  ['kf run-task report --space d\t', '--space dev $'],
  ['kf run-task report --mem\t', '--memory-limit $'],
  ["kf run-task 'report' -o j\t", '-o json $'],
  ['kf server st\t', 'start(.|\\n)*status(.|\\n)*stop'],
  ['kf cp back\t', 'kf cp backups:$'],
  ['kf push -p sour\t', 'kf push -p sources/$'],
  ['kf push -f source-\t', 'kf push -f source-list.yml $'],
];

const stopped: readonly Step[] = [
  ['kf run-task re\t\t-after', 'run-task re-after'],
  ['kf ser\t', 'kf serv'],
];

describe.each(['bash', 'zsh'])('%s', (shell) => {
  test('commands, flags, names, files', async () => expect(await typeInto(shell, steps)).toBe('as expected'));
});

const fishSays = (line: string): readonly string[] => {
  const { stdout, stderr } = spawnSync('fish', ['-N', '-c', `. ./fish; complete -C ${JSON.stringify(line)}`], {
    cwd: kf.home,
    env,
    encoding: 'utf8',
  });
  return stdout === '' ? [stderr] : stdout.trimEnd().split('\n');
};

test('fish: commands, flags, names, files', () => {
  expect(fishSays('kf run-ta')).toEqual([
    'run-task\tRun a one-off task with the image, environment and limits of an App',
  ]);
  expect(fishSays('kf run-task ')).toEqual(['reindex', 'report']);
  expect(fishSays('kf terminate-task report ')[0]).toMatch(/^1\treport-/);
  expect(fishSays('kf --space=d')).toEqual(['--space=dev']);
  expect(fishSays('kf run-task report --mem')[0]).toMatch(/^--memory-limit\tmemory, /);
  expect(fishSays('kf push -p sour')).toEqual(['sources/\tDirectory']);
  expect(fishSays('kf push -f source-')).toEqual(['source-list.yml']);
});

test('while no server runs: commands and flags, no names, and none is started', async () => {
  await kf.ok('server', 'stop');
  for (const shell of ['bash', 'zsh']) expect(await typeInto(shell, stopped)).toBe('as expected');
  expect(fishSays('kf run-task ')).toEqual(['']);
  expect((await kf.run(['complete', 'words', '--', 'run-task', ''])).stdout).toBe('');
  expect(existsSync(join(kf.dataDir, 'server.json'))).toBe(false);
});
