import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { messageMount, terminationMessage } from '../../../../src/node/pods/end/termination-message.ts';
import type { Pod } from '../../../../src/resources/core/pod.ts';

let diskDir: string;
beforeEach(() => {
  diskDir = mkdtempSync(join(tmpdir(), 'kf-message-'));
});
afterEach(() => rmSync(diskDir, { recursive: true }));

const pod = { metadata: { name: 'p' }, spec: { containers: [] } } as unknown as Pod;
const fromLog = { name: 'main', terminationMessagePolicy: 'FallbackToLogsOnError' as const };
const entry = (line: string): string => `2026-01-01T00:00:00.000000000+00:00 stdout F ${line}\n`;

test('what it has written, but no more than Kubernetes takes of it', () => {
  const [mount] = messageMount(pod, { name: 'main' }, diskDir);
  const end = { diskDir, logPath: join(diskDir, 'log'), exitCode: 0 };
  expect(terminationMessage(pod, { name: 'main' }, end)).toBeUndefined();
  writeFileSync(mount!.source!, 'x'.repeat(10_000));
  expect(terminationMessage(pod, { name: 'main' }, end)).toBe('x'.repeat(4096));
});

test('of a failure the end of the log, however long that is', () => {
  const end = { diskDir, logPath: join(diskDir, 'log'), exitCode: 1 };
  expect(terminationMessage(pod, fromLog, end)).toBeUndefined();
  writeFileSync(end.logPath, entry('first'));
  expect(terminationMessage(pod, fromLog, { ...end, exitCode: 0 })).toBeUndefined();
  expect(terminationMessage(pod, fromLog, end)).toBe('first\n');
  // More than Node reads at once.
  truncateSync(end.logPath, 3 * 2 ** 30);
  appendFileSync(end.logPath, `\n${Array.from({ length: 100 }, (_, index) => entry(`line ${index}`)).join('')}`);
  const said = terminationMessage(pod, fromLog, end)?.split('\n') ?? [];
  expect(said.length).toBe(81);
  expect(said.slice(-2)).toEqual(['line 99', '']);
});
