import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveMonitors } from '../../../../src/node/pods/recovery/monitors.ts';

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'kf-proc-'));
  run('self', 'node');
});
afterEach(() => rmSync(proc, { recursive: true }));

function run(pid: string, line: string, { namespace = 'pid:[1]', user = process.getuid?.() ?? 0 } = {}): void {
  mkdirSync(join(proc, pid, 'ns'), { recursive: true });
  symlinkSync(namespace, join(proc, pid, 'ns/pid'));
  writeFileSync(join(proc, pid, 'cmdline'), line.replaceAll(' ', '\0'));
  writeFileSync(join(proc, pid, 'status'), `Name:\tconmon\nUid:\t${user}\t${user}\t${user}\t${user}\n`);
}

test('monitors of this instance, by container', () => {
  run('11', '/usr/bin/conmon --runtime-arg /run/kf/runtime --cid 0ae-0');
  run('12', 'conmon --runtime-arg /run/other/runtime --cid 0ae-1');
  run('13', 'sh -c conmon /run/kf/runtime --cid 0ae-2');
  expect([...liveMonitors('/run/kf/runtime', proc)]).toEqual([['0ae-0', 11]]);
});

test('nobody else can pass for one', () => {
  run('21', 'conmon /run/kf/runtime --cid 0ae-0', { namespace: 'pid:[2]' });
  run('22', 'conmon /run/kf/runtime --cid ..');
  run('23', 'conmon /run/kf/runtime --cid a/../../b');
  run('24', 'conmon /run/kf/runtime --cid');
  run('25', 'conmon /run/kf/runtime --cid 0ae-1', { user: 12_345 });
  expect([...liveMonitors('/run/kf/runtime', proc)]).toEqual([]);
});
