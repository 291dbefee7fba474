import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureToken, writeKubeconfig } from '../../../src/apiserver/http/kubeconfig.ts';
import { ensureTls } from '../../../src/apiserver/http/tls.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kf-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;
const day = 86_400_000;

test('certificates: for this machine, by our own authority, made once, for our eyes only', async () => {
  const made = await ensureTls(folder);
  const [ca, cert] = [new X509Certificate(made.ca), new X509Certificate(made.cert)];
  expect(ca.ca).toBe(true);
  expect(cert.verify(ca.publicKey)).toBe(true);
  expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(cert.checkHost('localhost')).toBe('localhost');
  expect(await modeOf(join(folder, 'tls.json'))).toBe(0o600);
  expect(await ensureTls(folder)).toEqual(made);
});

test('certificates are made anew when they are damaged or about to expire', async () => {
  const first = await ensureTls(folder);
  const later = await ensureTls(folder, Date.now() + 3640 * day);
  expect(later.cert).not.toBe(first.cert);
  await writeFile(join(folder, 'tls.json'), '{"ca":"x","cert":"y","key":"z"}');
  expect((await ensureTls(folder)).ca).toContain('BEGIN CERTIFICATE');
  await writeFile(join(folder, 'tls.json'), '{');
  expect((await ensureTls(folder)).ca).toContain('BEGIN CERTIFICATE');
});

test('the token: random, kept, for our eyes only', async () => {
  const file = join(folder, 'token');
  const token = await ensureToken(file);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(await ensureToken(file)).toBe(token);
  expect(await modeOf(file)).toBe(0o600);
});

test('the kubeconfig: JSON, for our eyes only', async () => {
  const file = join(folder, 'kubeconfig');
  await writeFile(file, 'older', { mode: 0o644 });
  await writeKubeconfig(file, { url: 'https://127.0.0.1:1', ca: 'CA', token: 't', namespace: 'dev' });
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ kind: 'Config', 'current-context': 'kf' });
  expect(await modeOf(file)).toBe(0o600);
});
