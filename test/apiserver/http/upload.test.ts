import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SourceSink } from '../../../src/apiserver/api.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { SourcePackage } from '../../../src/resources/kf/source-package.ts';
import { startServer, type TestServer } from './support.ts';

/** Keeps packages in memory; complains in the words of the real one. */
class MemorySink implements SourceSink {
  readonly kept = new Map<string, Buffer>();
  failure: Error | undefined;

  async receive(body: AsyncIterable<Buffer>, expected: { size: number; sha256: string }): Promise<{ image: string }> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      if (this.failure) throw this.failure;
      chunks.push(chunk);
      size += chunk.length;
      if (size > expected.size) throw new Error(`expected ${expected.size} bytes, got more`);
    }
    const bytes = Buffer.concat(chunks);
    if (bytes.length !== expected.size) throw new Error(`expected ${expected.size} bytes, got ${bytes.length}`);
    if (sha256(bytes) !== expected.sha256) throw new Error('checksum does not match expected');
    this.kept.set(expected.sha256, bytes);
    return { image: `source://sha256:${expected.sha256}` };
  }

  async has(checksum: string): Promise<boolean> {
    return this.kept.has(checksum);
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const sink = new MemorySink();
let server: TestServer;
beforeAll(async () => {
  server = await startServer({ sources: sink });
  await server.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterAll(() => server.close());
beforeEach(() => {
  sink.kept.clear();
  sink.failure = undefined;
});

let count = 0;
async function announce(bytes: Buffer, name = `source-${++count}`): Promise<{ namespace: string; name: string }> {
  const spec = { size: bytes.length, checksum: { type: 'sha256', value: sha256(bytes) } };
  await server.client.create(SourcePackage, { metadata: { name, namespace: 'dev' }, spec });
  return { namespace: 'dev', name };
}
async function* inPieces(bytes: Buffer, size = 65_536): AsyncIterable<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}
const path = (name: string): string => `/apis/upload.kf.dev/v1alpha1/proxy/namespaces/dev/${name}`;

describe('upload', () => {
  const tar = Buffer.alloc(5 * 2 ** 20, 'kf');

  test('keeps the bytes, of any size, and makes the package final', async () => {
    const ref = await announce(tar);
    await server.client.upload(ref, inPieces(tar), tar.length);
    expect(sink.kept.get(sha256(tar))?.equals(tar)).toBe(true);
    const { status, spec } = await server.client.get(SourcePackage, ref);
    expect(status).toMatchObject({
      image: `source://sha256:${sha256(tar)}`,
      checksum: spec.checksum,
      size: tar.length,
      observedGeneration: 1,
      conditions: [
        { type: 'UploadReady', status: 'True' },
        { type: 'Succeeded', status: 'True' },
      ],
    });
  });

  test('as Kf sends it: no content type, no length', async () => {
    const { name } = await announce(Buffer.from('tar'));
    const headers = { 'Content-Type': '', 'Transfer-Encoding': 'chunked' };
    expect(await server.request('POST', path(name), { body: 'tar', headers })).toMatchObject({ status: 200 });
  });

  test.each([
    ['too few bytes', 'ta', 'expected 3 bytes, got 2'],
    ['too many bytes', 'tar and more', 'expected 3 bytes, got more'],
    ['a damaged byte', 'tbr', 'checksum does not match expected'],
  ])('%s: 422, and the package has failed', async (_name, body, message) => {
    const ref = await announce(Buffer.from('tar'));
    const answer = await server.request('POST', path(ref.name), { body });
    expect(answer).toMatchObject({ status: 422 });
    expect(answer.json.message).toBe(message);
    const { status } = await server.client.get(SourcePackage, ref);
    expect(status?.conditions).toMatchObject([
      { type: 'UploadReady', status: 'False', reason: 'UploadFailed', message },
      { type: 'Succeeded', status: 'False', reason: 'UploadFailed', message },
    ]);
    expect(sink.kept.size).toBe(0);
    const again = await server.request('POST', path(ref.name), { body: 'tar' });
    expect(again).toMatchObject({ status: 409 });
    expect(again.json.message).toBe('SourcePackage is not pending');
  });

  test('a refused upload of many megabytes still gets its answer', async () => {
    const ref = await announce(Buffer.from('tar'));
    await expect(server.client.upload(ref, inPieces(tar), tar.length)).rejects.toMatchObject({
      message: 'expected 3 bytes, got more',
    });
  });

  test('a full disk is not the package’s fault: it may be tried again', async () => {
    const ref = await announce(Buffer.from('tar'));
    sink.failure = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(await server.request('POST', path(ref.name), { body: 'tar' })).toMatchObject({ status: 507 });
    sink.failure = undefined;
    expect(await server.request('POST', path(ref.name), { body: 'tar' })).toMatchObject({ status: 200 });
  });

  test('a lost connection is not, either', async () => {
    const ref = await announce(tar);
    await expect(
      server.client.upload(
        ref,
        (async function* () {
          yield tar.subarray(0, 100_000);
          throw new Error('unplugged');
        })(),
        tar.length,
      ),
    ).rejects.toThrow('unplugged');
    await server.client.upload(ref, inPieces(tar), tar.length);
    expect(sink.kept.size).toBe(1);
  });

  test('may arrive before its package', async () => {
    const bytes = Buffer.from('early');
    const name = `source-${++count}`;
    const uploading = server.request('POST', path(name), { body: bytes });
    await announce(bytes, name);
    expect(await uploading).toMatchObject({ status: 200 });
  });

  test('without a package: 404, after a while', async () => {
    const impatient = await startServer({ sources: sink, uploadPatience: 1 });
    const answer = await impatient.request('POST', path('nope'), { body: 'x' });
    expect(answer.json.message).toBe('sourcepackages.kf.dev "nope" not found');
    await impatient.close();
  });
});

describe('what is kept already', () => {
  const bytes = Buffer.from('kept');

  test('can be asked for, and need not be uploaded again', async () => {
    expect(await server.client.hasSource(sha256(bytes))).toBe(false);
    await server.client.upload(await announce(bytes), inPieces(bytes), bytes.length);
    expect(await server.client.hasSource(sha256(bytes))).toBe(true);
    const second = await announce(bytes);
    await server.client.uploadExisting(second);
    expect((await server.client.get(SourcePackage, second)).status).toMatchObject({
      image: `source://sha256:${sha256(bytes)}`,
      size: bytes.length,
    });
  });

  test('what is not kept: 404, and the package still waits', async () => {
    const ref = await announce(bytes);
    await expect(server.client.uploadExisting(ref)).rejects.toMatchObject({ reason: 'NotFound' });
    await server.client.upload(ref, inPieces(bytes), bytes.length);
  });

  test('HEAD, and no other path of the disk', async () => {
    const head = (checksum: string) => server.request('HEAD', `/apis/upload.kf.dev/v1alpha1/sources/${checksum}`);
    expect((await head('0'.repeat(64))).status).toBe(404);
    expect((await head('..%2f..%2fetc%2fpasswd')).status).toBe(404);
  });
});
