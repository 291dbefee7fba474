import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { commandLineOf, processOf } from '../../../src/node/exec/exec-command.ts';
import { sessionIn, signalSession } from '../../../src/node/exec/exec-session.ts';
import type { OciProcess } from '../../../src/node/runtime/oci.ts';

const process: OciProcess & { readonly terminal: false } = {
  terminal: false,
  user: { uid: 2000, gid: 2000 },
  args: ['/.kf-init', '-g', '--', 'sh'],
  env: ['PATH=/bin', 'SECRET=x'],
  cwd: '/app',
  capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
  rlimits: [],
  noNewPrivileges: true,
  oomScoreAdj: 500,
};

test('a command is what the container’s own process is, but for its words and its terminal', () => {
  expect(processOf({ process }, ['ls', '-l'], false)).toEqual({ ...process, args: ['ls', '-l'] });
  const withTerminal = processOf({ process }, ['sh'], true);
  expect(withTerminal).toMatchObject({ terminal: true, env: ['PATH=/bin', 'SECRET=x', 'TERM=xterm'] });
  const own = { ...process, env: ['TERM=vt100'] };
  expect(processOf({ process: own }, ['sh'], true).env).toEqual(['TERM=vt100']);
});

test('the runtime is told by files; crun gets pipes; a terminal on this side is made by script', () => {
  const exec = {
    runtime: { path: '/usr/sbin/runc', root: "/run/it's", isRunc: true },
    stdin: true,
    id: 'uid-0',
    processFile: '/b/exec-1/process.json',
    pidFile: '/b/exec-1/pid',
  };
  const words = ['--root', "/run/it's", 'exec', '--process', exec.processFile, '--pid-file', exec.pidFile, 'uid-0'];
  expect(commandLineOf(exec)).toEqual(['/usr/sbin/runc', ...words]);
  const crun = { ...exec, runtime: { ...exec.runtime, path: '/usr/bin/crun', isRunc: false } };
  const [shell, , script, , ...rest] = commandLineOf(crun);
  expect([shell, script, rest]).toEqual([
    'bash',
    'exec < <(cat) > >(cat) 2> >(cat >&2); "$@"; exit $?',
    ['/usr/bin/crun', ...words],
  ]);
  expect(commandLineOf({ ...crun, stdin: false })[2]).toMatch(/^exec > >\(cat\)/);
  const [program, ...args] = commandLineOf({ ...exec, terminalFile: '/b/exec-1/terminal' });
  expect([program, args[0], args[2]]).toEqual(['script', '-qefc', '/dev/null']);
  expect(args[1]).toMatch(
    /^tty >'\/b\/exec-1\/terminal' && stty raw -echo && exec '\/usr\/sbin\/runc' '--root' '\/run\/it'\\''s' /,
  );
});

test('a session is read behind the program’s name, whatever that is', () => {
  expect(sessionIn('12 (sh) S 1 12 11 34816 12 4194560')).toBe(11);
  expect(sessionIn('12 (a) S 9 9 (b) c) R 1 12 77 0 -1')).toBe(77);
});

test('whichever session a command is in is signalled, and nothing beside it', async () => {
  const [own, other] = [true, true].map((detached) => spawn('sleep', ['1000'], { detached, stdio: 'ignore' }));
  const cgroups = { pids: async () => [own!.pid!, other!.pid!] };
  const ended = once(own!, 'exit');
  // crun leaves a command without a terminal in its own session, where runc opens one for it.
  expect(await signalSession(cgroups, 'id', [0, own!.pid!], ['SIGTERM'])).toBe(1);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(await signalSession(cgroups, 'id', [other!.pid!], ['SIGKILL'])).toBe(1);
});
