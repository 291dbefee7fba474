import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { knownSchema } from '../../src/store/offline.ts';
import { Kf } from '../support/kf.ts';
import { finished, logged, outcome, running, startTask } from '../support/kf-tasks.ts';
import { buildRelease } from '../support/next-release.ts';
import { processes } from '../support/processes.ts';

let kf: Kf;
/** The same user, who has installed the next release. */
let next: Kf;
const nextVersion = pkg.version.replace(/\.(\d+)\..*$/, (_, minor) => `.${Number(minor) + 1}.0`);
beforeAll(async () => {
  kf = await Kf.create();
  const program = buildRelease(join(kf.home, 'next'), {
    version: nextVersion,
    migration:
      "UPDATE bodies SET body = json_set(body, '$.metadata.labels.migrated', 'yes') WHERE id IN (SELECT id FROM objects WHERE kind LIKE '%apps%')",
  });
  next = kf.with(program);
});
afterAll(() => next.remove());

test('a release with another schema takes the store over while a task runs; the one before refuses it then', async () => {
  await kf.push('app', { 'run.sh': 'echo begin; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo end; exit 5\n' });
  const mark = randomUUID();
  const name = await startTask(kf, 'app', `exec sh run.sh ${mark}`);
  await running(kf, name);
  await logged(kf, name, 'begin');
  const { status } = await running(kf, name);

  // Neighbours understand each other, and say what to type.
  expect((await next.ok('tasks', 'app')).stderr).toContain(
    `WARNING: this is kf ${nextVersion}, the server is still kf ${pkg.version}. To have it run this version: sudo KF_HOME=${kf.dataDir} kf server restart.`,
  );
  expect((await next.ok('server', 'restart')).stderr).toContain('1 task went on running meanwhile.');
  expect(existsSync(join(kf.dataDir, `store.db.schema-${knownSchema}`))).toBe(true);
  expect((await next.json<{ metadata: { labels: object } }>('app', 'app')).metadata.labels).toMatchObject({
    migrated: 'yes',
  });
  const adopted = await running(kf, name);
  expect(adopted.status).toMatchObject({ startTime: status?.startTime, podName: status?.podName });
  expect((await kf.ok('tasks', 'app')).stderr).toContain(`install kf ${nextVersion} here, too`);

  // The one before would not read the store: it leaves the server alone.
  const pid = await kf.serverPid();
  const refused = await kf.run(['server', 'restart']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Error: the server goes on running: ');
  expect(refused.stderr).toContain(
    `was written by a newer version of kf (schema ${knownSchema + 1}, this one knows ${knownSchema}): install that version`,
  );
  expect(await kf.serverPid()).toBe(pid);
  await next.ok('server', 'stop');
  const start = await kf.run(['tasks', 'app']);
  expect(start.code).toBe(1);
  expect(start.stderr).toMatch(/the embedded server did not start: .*was written by a newer version of kf/);

  // Nothing of that has touched the task: it goes on, and its end is seen.
  await next.ok('server', 'start');
  writeFileSync(`/proc/${processOf(mark)}/root/tmp/go`, '');
  expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 5 });
  expect((await next.ok('logs', name, '--recent')).stdout).toBe('begin\nend\n');
});

/** The task's own, by the argument that nobody else has. */
function processOf(word: string): number {
  const found = processes().find(({ args }) => args.join(' ').startsWith(`sh run.sh ${word}`));
  if (found === undefined) throw new Error('the task does not run any more');
  return found.pid;
}
