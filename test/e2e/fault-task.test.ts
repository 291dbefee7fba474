/** Tasks that do what they should not: programs that are missing, signals ignored, limits reached, floods of output. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conditionOf } from '../../src/resources/condition.ts';
import { App } from '../../src/resources/kf/app.ts';
import { Kf } from '../support/kf.ts';
import { connect, finished, logged, logOf, outcome, running, space, startTask } from '../support/kf-tasks.ts';
import { slowness } from '../support/slowness.ts';
import { stderrBytes, stdoutBytes } from './fixtures/flood.mjs';

/** How much a task prints; the long run is KF_LOG_MB=200. */
const megabytes = Number(process.env.KF_LOG_MB ?? 20);

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  const flood = readFileSync(fileURLToPath(new URL('fixtures/flood.mjs', import.meta.url)), 'utf8');
  await kf.push('job', { 'flood.mjs': flood }, '-c', 'true');
});
afterAll(() => kf.remove());

/** Runs a task to its end: kf's exit code, and what became of the Task. */
async function see(command: string, ...flags: readonly string[]) {
  const { code, stderr } = await kf.run(['run-task', 'job', '-c', command, '--wait', ...flags]);
  const name = /^Task (\S+) /m.exec(stderr)?.[1] ?? '';
  return { code, stderr, name, ...outcome(await finished(kf, name)) };
}

describe('what cannot run', () => {
  test('a command that does not exist: 127, and the log says which', async () => {
    const seen = await see('no-such-program --flag');
    expect(seen).toMatchObject({ code: 127, exitCode: 127, status: 'False' });
    expect(await logOf(kf, seen.name)).toContain('no-such-program: not found');
  });

  test('an exact argv whose program does not exist: 127, and the message names it', async () => {
    const { code, stderr } = await kf.run(['run-task', 'job', '--args', 'no-such-program', '--wait']);
    const name = /^Task (\S+) /m.exec(stderr)?.[1] ?? '';
    const { message } = outcome(await finished(kf, name));
    expect({ code, said: `${stderr}${message}${await logOf(kf, name)}` }).toMatchObject({
      code: 127,
      said: expect.stringContaining('no-such-program'),
    });
  });

  test('the image is gone: nothing starts, and the reason says what to do', async () => {
    await kf.push('gone', { 'only-here.txt': 'x\n' }, '-c', 'cat only-here.txt');
    const layers = join(kf.dataDir, 'layers');
    const before = new Set(readdirSync(layers));
    await kf.push('gone', { 'only-here.txt': 'y\n' }, '-c', 'cat only-here.txt');
    const added = readdirSync(layers).filter((name) => !before.has(name));
    expect(added).toHaveLength(1);
    rmSync(join(layers, added[0]!), { recursive: true });
    const { code, stderr } = await kf.run(['run-task', 'gone', '--wait']);
    expect(code, stderr).toBe(125);
    expect(stderr).toContain('push the app again');
    expect(stderr).toContain(added[0]);
    // The App says so by itself, and a push of the same source builds again.
    await ready('gone', 'False', 'ImageMissing');
    expect((await kf.push('gone', { 'only-here.txt': 'y\n' })).stderr).toContain('it is built again');
    expect((await kf.run(['run-task', 'gone', '--follow'])).stdout).toBe('y\n');
  });

  test('all images are gone, by hand, while the server rests: the next push of the same source brings them', async () => {
    await kf.push('gone', { 'only-here.txt': 'y\n' });
    await kf.ok('server', 'stop');
    for (const folder of ['layers', 'images']) rmSync(join(kf.dataDir, folder), { recursive: true });
    await kf.ok('server', 'start');
    await ready('gone', 'False', 'ImageMissing');
    await kf.push('gone', { 'only-here.txt': 'y\n' });
    await ready('gone', 'True', undefined);
    expect((await kf.run(['run-task', 'gone', '--follow'])).stdout).toBe('y\n');
    // The other App's is still missing; mend it for the tests after this one.
    await kf.push('job', {});
  });

  async function ready(name: string, status: string, reason: string | undefined): Promise<void> {
    const client = await connect(kf);
    const seen = (app: App): boolean => {
      const condition = conditionOf(app, 'BuildReady');
      return condition?.status === status && condition.reason === reason;
    };
    for await (const { object } of client.watch(App, { namespace: space, fieldSelector: `metadata.name=${name}` }))
      if (seen(object)) break;
    client.close();
  }
});

describe('what does not want to end', () => {
  test('a task that does not handle SIGTERM ends within a second of terminate-task', async () => {
    const name = await startTask(kf, 'job', 'echo begun; sleep 1000', '--grace-period', '300');
    await logged(kf, name, 'begun');
    const begun = Date.now();
    await kf.ok('terminate-task', name);
    const { status } = await finished(kf, name);
    expect(Date.parse(status!.completionTime!) - begun).toBeLessThan(1000 * slowness);
    expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 143, reason: 'TaskRunCancelled' });
    expect(await logOf(kf, name)).toBe('begun\n');
  });

  test('one that ignores SIGTERM is killed after its grace period, and not before', async () => {
    const line = 'trap "echo no" TERM; echo begun; while :; do sleep 0.1; done';
    const name = await startTask(kf, 'job', line, '--grace-period', '1');
    await logged(kf, name, 'begun');
    const begun = Date.now();
    await kf.ok('terminate-task', name);
    const { status } = await finished(kf, name);
    expect(Date.parse(status!.completionTime!) - begun).toBeGreaterThanOrEqual(950);
    expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 137, reason: 'TaskRunCancelled' });
    expect(await logOf(kf, name)).toMatch(/^begun\n[\s\S]*no\n/);
  });

  test('a second terminate-task, and --now, kill at once', async () => {
    const line = 'trap "" TERM; echo begun; while :; do sleep 0.1; done';
    const [twice, now] = await Promise.all([
      startTask(kf, 'job', line, '--grace-period', '300'),
      startTask(kf, 'job', line, '--grace-period', '300'),
    ]);
    await logged(kf, twice, 'begun');
    await logged(kf, now, 'begun');
    await kf.ok('terminate-task', twice, '--async');
    await kf.ok('terminate-task', twice);
    await kf.ok('terminate-task', now, '--now');
    expect(outcome(await finished(kf, twice))).toMatchObject({ exitCode: 137, reason: 'TaskRunCancelled' });
    expect(outcome(await finished(kf, now))).toMatchObject({ exitCode: 137, reason: 'TaskRunCancelled' });
  });

  test('a time limit: 124, the log is kept', async () => {
    const seen = await see('echo begun; sleep 1000', '--timeout', '1s');
    expect(seen).toMatchObject({ code: 124, reason: 'TaskTimeout' });
    expect(await logOf(kf, seen.name)).toBe('begun\n');
  });
});

describe('what takes more than its share', () => {
  test('forks without end: it reaches its own limit, others run beside it, and it can be ended', async () => {
    const bomb = await startTask(kf, 'job', "sh -c 'bomb() { bomb | bomb & }; bomb' & exec sleep 1000");
    await logged(kf, bomb, 'Cannot fork');
    await running(kf, bomb);
    expect(await see('true')).toMatchObject({ code: 0, status: 'True' });
    await kf.ok('terminate-task', bomb, '--now');
    expect(outcome(await finished(kf, bomb))).toMatchObject({ reason: 'TaskRunCancelled' });
  });

  test('fills its memory: OOMKilled, 137', async () => {
    const seen = await see('node -e "const a=[]; for(;;) a.push(Buffer.alloc(1<<22, 1))"', '-m', '100M');
    expect(seen).toMatchObject({
      code: 137,
      exitCode: 137,
      reason: 'OOMKilled',
      message: expect.stringContaining('100'),
    });
    expect(seen.stderr).toContain('OOMKilled');
  });

  test('fills its disk: the write fails, DiskQuotaExceeded', async () => {
    const seen = await see('head -c 300M /dev/zero > big || { echo "could not write"; exit 9; }', '-k', '64M');
    expect(seen).toMatchObject({ code: 9, exitCode: 9, reason: 'DiskQuotaExceeded' });
    const log = await logOf(kf, seen.name);
    expect(log).toContain('No space left on device');
    expect(log).toContain('could not write');
  });
});

describe(`${megabytes} MB of output`, () => {
  const digest = (parts: Iterable<Buffer>) => {
    const hash = createHash('sha256');
    let bytes = 0;
    for (const part of parts) {
      hash.update(part);
      bytes += part.length;
    }
    return { bytes, hash: hash.digest('hex') };
  };

  test('both streams at once: every byte of each, and no others', async () => {
    const { name, status } = await see(`node flood.mjs ${megabytes}`);
    expect(status).toBe('True');
    const client = await connect(kf);
    const [stdout, stderr] = [digest(stdoutBytes(megabytes)), digest(stderrBytes(megabytes))];
    for (const [stream, expected] of [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const) {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of client.taskLog({ namespace: space, name }, { stream })) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      expect({ stream, bytes, hash: hash.digest('hex') }).toEqual({ stream, ...expected });
    }
    client.close();
    let bytes = 0;
    const { code } = await kf.run(['logs', name, '--recent'], {
      onStdout: (chunk) => {
        bytes += chunk.length;
      },
    });
    expect({ code, bytes }).toEqual({ code: 0, bytes: stdout.bytes + stderr.bytes });
  }, 300_000);

  test('followed while it is printed: the same bytes', async () => {
    const hash = createHash('sha256');
    const { code } = await kf.run(['run-task', 'job', '-c', `node flood.mjs ${megabytes} stdout`, '--follow'], {
      onStdout: (chunk) => void hash.update(chunk),
    });
    expect({ code, hash: hash.digest('hex') }).toEqual({ code: 0, hash: digest(stdoutBytes(megabytes)).hash });
  }, 300_000);
});
