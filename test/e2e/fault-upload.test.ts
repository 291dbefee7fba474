/** Uploads that arrive damaged, and source trees that hold what a package cannot. */

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadKubeconfig } from '../../src/client/http/kubeconfig.ts';
import { conditionOf } from '../../src/resources/condition.ts';
import { SourcePackage } from '../../src/resources/kf/source-package.ts';
import { Kf } from '../support/kf.ts';
import { connect, space } from '../support/kf-tasks.ts';

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.ok('server', 'start');
});
afterAll(() => kf.remove());

describe('a damaged upload', () => {
  const content = Buffer.alloc(100_000, 'tar');
  const spec = {
    size: content.length,
    checksum: { type: 'sha256', value: createHash('sha256').update(content).digest('hex') },
  };
  const flipped = Buffer.from(content);
  flipped.writeUInt8(flipped.readUInt8(50_000) ^ 1, 50_000);

  test.each([
    ['one bit differs', flipped, 'checksum'],
    ['the end is missing', content.subarray(0, 99_999), 'expected 100000 bytes'],
    ['there is more', Buffer.concat([content, Buffer.from('x')]), 'expected 100000 bytes'],
    ['nothing came', Buffer.alloc(0), 'expected 100000 bytes'],
  ])('%s: refused, the package has failed, nothing is kept', async (title, body, complaint) => {
    const name = `damaged-${title.replaceAll(' ', '-')}`;
    const client = await connect(kf);
    const ref = { namespace: space, name };
    try {
      await client.create(SourcePackage, { metadata: ref, spec });
      const answer = await upload(name, body);
      expect(answer.code).toBe(422);
      expect(answer.body).toMatchObject({ kind: 'Status', message: expect.stringContaining(complaint) });
      const condition = conditionOf(await client.get(SourcePackage, ref), 'Succeeded');
      expect(condition).toMatchObject({ status: 'False', message: expect.stringContaining(complaint) });
      expect(kept()).toEqual([]);
      // It is final: the right bytes come too late, too.
      expect((await upload(name, content)).code).toBe(409);
      expect(kept()).toEqual([]);
    } finally {
      await client.delete(SourcePackage, ref);
      client.close();
    }
  });

  test('the connection breaks: nothing is kept, and the upload may be repeated', async () => {
    const client = await connect(kf);
    const ref = { namespace: space, name: 'broken' };
    await client.create(SourcePackage, { metadata: ref, spec });
    await expect(upload('broken', content.subarray(0, 50_000), { breakOff: true })).rejects.toThrow();
    await expect.poll(kept).toEqual([]);
    expect(conditionOf(await client.get(SourcePackage, ref), 'Succeeded')?.status).not.toBe('False');
    expect((await upload('broken', content)).code).toBe(200);
    expect(conditionOf(await client.get(SourcePackage, ref), 'Succeeded')?.status).toBe('True');
    expect(kept()).toEqual([`${spec.checksum.value}.tar`]);
    client.close();
  });

  test('without a token: 401, and nothing is read', async () => {
    expect((await upload('whatever', content, { token: 'wrong' })).code).toBe(401);
  });

  const kept = (): readonly string[] => readdirSync(join(kf.dataDir, 'sources'));
});

test('the server is killed in the middle of an upload: the push goes on with the next one', async () => {
  const folder = join(kf.home, 'large');
  mkdirSync(folder);
  // A second or so, that of the disk: long enough for a kill after the first bytes have come.
  writeFileSync(join(folder, 'large'), randomBytes(200 * 2 ** 20));
  const sources = join(kf.dataDir, 'sources');
  const arriving = new Promise<void>((resolve) => {
    const watcher = watch(sources, (_, name) => {
      if (!name?.endsWith('.part')) return;
      watcher.close();
      resolve();
    });
  });
  const pushing = kf.run(['push', 'large', '--task', '-p', folder]);
  await arriving;
  await kf.killServer();
  await kf.ok('server', 'start');
  const { code, stderr } = await pushing;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('The connection was lost: it is sent again.');
  expect(readdirSync(sources).filter((name) => name.endsWith('.part'))).toEqual([]);
  const run = await kf.run(['run-task', 'large', '-c', 'sha256sum large', '--follow']);
  expect(run.stdout.slice(0, 64)).toBe(
    createHash('sha256')
      .update(readFileSync(join(folder, 'large')))
      .digest('hex'),
  );
});

interface UploadOptions {
  readonly token?: string;
  /** Ends the connection after the body, in the middle of what was announced. */
  readonly breakOff?: boolean;
}

async function upload(name: string, body: Buffer, { token, breakOff = false }: UploadOptions = {}) {
  const config = await loadKubeconfig({ path: join(kf.dataDir, 'kubeconfig') });
  return new Promise<{ code: number; body: unknown }>((resolve, reject) => {
    const req = request(
      `${config.server}/apis/upload.kf.dev/v1alpha1/proxy/namespaces/${space}/${name}`,
      {
        method: 'POST',
        agent: false,
        ...(config.ca === undefined ? {} : { ca: config.ca }),
        headers: {
          authorization: `Bearer ${token ?? config.token}`,
          'content-length': breakOff ? body.length * 2 : body.length,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body: JSON.parse(text || 'null') }));
      },
    );
    req.on('error', reject);
    if (breakOff) req.write(body, () => req.destroy());
    else req.end(body);
  });
}

describe('a source tree', () => {
  const folderOf = (name: string): string => {
    const folder = join(kf.home, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'run.sh'), 'true\n');
    return folder;
  };
  const push = (app: string, folder: string) => kf.run(['push', app, '--task', '-p', folder, '-c', 'sh run.sh']);

  test.each([
    ['an absolute link', 'absolute', '/etc/passwd'],
    ['a link to what lies above', 'above', '../../../etc/passwd'],
    ['a link to nothing above', 'nothing', '../../no-such-file'],
  ])('%s is refused by its name, and nothing is made', async (_, name, target) => {
    const folder = folderOf(`tree-${name}`);
    mkdirSync(join(folder, 'conf'));
    symlinkSync(target, join(folder, 'conf', 'secret link'));
    const apps = await kf.json<{ items: unknown[] }>('apps');
    const { code, stderr } = await push(`link-${name}`, folder);
    expect(code).toBe(1);
    expect(stderr).toContain('conf/secret link');
    expect(stderr).toContain(target);
    expect((await kf.json<{ items: unknown[] }>('apps')).items).toHaveLength(apps.items.length);
  });

  test('a link that leaves by way of another link is refused', async () => {
    const folder = folderOf('tree-chain');
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    symlinkSync('a/b', join(folder, 'short'));
    symlinkSync('short/../../../outside', join(folder, 'long'));
    writeFileSync(join(kf.home, 'outside'), 'secret');
    const { code, stderr } = await push('link-chain', folder);
    expect(code).toBe(1);
    expect(stderr).toContain('long');
  });

  test('a FIFO is left out and named; the push does not wait for them', async () => {
    const folder = folderOf('tree-fifo');
    execFileSync('mkfifo', [join(folder, 'a pipe')]);
    const { code, stdout, stderr } = await push('fifo', folder);
    expect(code, stderr).toBe(0);
    expect(stdout + stderr).toContain('a pipe');
    expect((await kf.run(['run-task', 'fifo', '-c', 'ls', '--follow'])).stdout).toBe('run.sh\n');
  });

  test('0 bytes, spaces, quotes, unicode, newlines, long names, executables, links inside: all as on disk', async () => {
    const folder = folderOf('tree-names');
    const long = `${'very-long-'.repeat(20)}name`;
    const names = [
      'empty',
      'with space',
      'quo"te\'s',
      'naïve ☃ 日本',
      '-dash',
      '$HOME',
      'new\nline',
      long,
      'back\\slash',
    ];
    for (const name of names) writeFileSync(join(folder, name), name === 'empty' ? '' : `content of ${name}`);
    mkdirSync(join(folder, 'empty folder'));
    mkdirSync(join(folder, `d/${long}/${long}`), { recursive: true });
    writeFileSync(join(folder, `d/${long}/${long}/deep`), 'deep');
    writeFileSync(join(folder, 'tool'), '#!/bin/sh\necho tool ran\n', { mode: 0o755 });
    symlinkSync('with space', join(folder, 'link inside'));
    const { code, stderr } = await push('names', folder);
    expect(code, stderr).toBe(0);
    const line =
      'find . -type f -print0 | sort -z | xargs -0 sha256sum -z | tr "\\0" "\\n" | sha256sum; ls -d "empty folder"; ./tool; cat "link inside"';
    const sums = execFileSync(
      'sh',
      ['-c', 'find . -type f -print0 | sort -z | xargs -0 sha256sum -z | tr "\\0" "\\n" | sha256sum'],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } },
    );
    const { stdout } = await kf.run(['run-task', 'names', '-c', `export LC_ALL=C.UTF-8; ${line}`, '--follow']);
    expect(stdout).toBe(`${sums}empty folder\ntool ran\ncontent of with space`);
  });

  test('an empty folder is an App without files; a path that is none is named', async () => {
    const empty = join(kf.home, 'tree-empty');
    mkdirSync(empty);
    const { code, stderr } = await push('empty', empty);
    expect(code, stderr).toBe(0);
    expect((await kf.run(['run-task', 'empty', '-c', 'ls -A | wc -l', '--follow'])).stdout).toBe('0\n');
    for (const path of [join(kf.home, 'no-such-folder'), join(kf.home, 'tree-fifo/run.sh')]) {
      const refused = await push('no-path', path);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(path);
    }
    expect((await kf.run(['app', 'no-path'])).code).toBe(1);
  });
});
