/** Pulls from real registries: with and without TLS and password, mirrors, and registries that are down, slow or damaged. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/client/clock.ts';
import { mountsBelow } from '../../src/node/disk/loop-image.ts';
import { runCommand } from '../../src/node/host/run-command.ts';
import { ContainerStorage } from '../../src/node/images/container-storage.ts';
import { ImagePuller } from '../../src/node/images/image-puller.ts';
import { resolveAlias } from '../../src/resources/image-alias.ts';
import { parseImageReference } from '../../src/resources/image-reference.ts';
import { type ImageSettings, noImageSettings } from '../../src/resources/image-settings.ts';
import { busybox, makeImage } from '../support/oci-image.ts';
import { freePort, Registry, registryLogin } from '../support/registry.ts';

const root = mkdtempSync(join(tmpdir(), 'kf-pulls-'));
const layout = join(root, 'layout');
let settings: ImageSettings = noImageSettings;
const storage = new ContainerStorage({
  graphRoot: join(root, 'graph'),
  runRoot: join(root, 'run'),
  configDirectory: join(root, 'config'),
  keptDirectory: join(root, 'kept'),
  bootId: 'boot',
  run: runCommand,
  settings: async () => settings,
});
const pullerOf = (options: Partial<ConstructorParameters<typeof ImagePuller>[0]> = {}) =>
  new ImagePuller({ storage, clock: systemClock, settings: async () => settings, reserveBytes: 0, ...options });
const puller = pullerOf();
let plain: Registry;
let secured: Registry;
let digest: string;

beforeAll(async () => {
  await storage.open();
  await puller.open();
  digest = await makeImage(layout, { layers: [busybox], config: { Cmd: ['echo', 'hi'] } });
  [plain, secured] = await Promise.all([Registry.start(), Registry.start({ tls: true, password: true })]);
  plain.push(layout, 'team/app:1');
  secured.push(layout, 'team/app:1');
});
afterAll(async () => {
  await Promise.all([plain?.stop(), secured?.stop()]);
  rmSync(root, { recursive: true, force: true });
});

const pull = (text: string, options?: Parameters<ImagePuller['pull']>[1], by = puller) =>
  by.pull(resolveAlias(text, settings.aliases), options);
async function forget(): Promise<void> {
  for (const { id } of storage.list()) await storage.remove(id);
}
const login = (host: string, password: string = registryLogin.password) =>
  JSON.stringify({
    auths: { [host]: { auth: Buffer.from(`${registryLogin.username}:${password}`).toString('base64') } },
  });

test('from a registry of this machine, which needs no certificate; again by its digest', async () => {
  const { ref, image } = await pull(`${plain.host}/team/app:1`);
  expect(ref).toBe(`${plain.host}/team/app@${digest}`);
  expect(image.config).toEqual({ cmd: ['echo', 'hi'] });
  await forget();
  expect((await pull(ref)).ref).toBe(ref);
  expect(storage.find(digest)).toBeDefined();
  expect(await mountsBelow(root)).toEqual([]);
});

test('several who want an image at the same time have one pull', async () => {
  await forget();
  const other = new Map<string, number>();
  const counting = await gateway(plain, (path, pass) => {
    other.set(path, (other.get(path) ?? 0) + 1);
    pass();
  });
  const wanted = `127.0.0.1:${counting.port}/team/app:1`;
  const refs = await Promise.all([1, 2, 3].map(async () => (await pull(wanted)).ref));
  expect(new Set(refs).size).toBe(1);
  expect([...other].filter(([path]) => path.includes('/blobs/')).map(([, times]) => times)).toEqual([1, 1]);
  await counting.stop();
});

test('what a registry does not have, and one that is down', async () => {
  await expect(pull(`${plain.host}/team/app:2`)).rejects.toMatchObject({
    kind: 'fact',
    message: expect.stringContaining('manifest unknown'),
  });
  const port = await freePort();
  await expect(pull(`127.0.0.1:${port}/team/app:1`)).rejects.toMatchObject({
    kind: 'passing',
    message: expect.stringContaining('connection refused'),
  });
});

test('what is no registry at all', async () => {
  const pages = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const { port } = pages.address() as { port: number };
  await expect(pull(`127.0.0.1:${port}/team/app:1`)).rejects.toMatchObject({
    kind: 'fact',
    message: expect.stringContaining(`registry 127.0.0.1:${port} is no registry of images`),
  });
  pages.close();
});

describe('with TLS and a password', () => {
  const wanted = () => `${secured.host}/team/app:1`;

  test('its certificate has to be known', async () => {
    settings = { ...noImageSettings, registries: [{ prefix: secured.host, mirrors: [], insecure: false }] };
    await expect(pull(wanted())).rejects.toMatchObject({ kind: 'fact', message: expect.stringContaining('--ca FILE') });
  });

  test('the password, too', async () => {
    settings = {
      ...noImageSettings,
      registries: [{ prefix: secured.host, mirrors: [], insecure: false, ca: secured.ca }],
    };
    await expect(pull(wanted())).rejects.toMatchObject({
      kind: 'fact',
      message: expect.stringMatching(/unauthorized|authentication/),
    });
    await expect(pull(wanted(), { credentials: login(secured.host, 'wrong') })).rejects.toMatchObject({ kind: 'fact' });
    await forget();
    expect((await pull(wanted(), { credentials: login(secured.host) })).ref).toBe(`${secured.host}/team/app@${digest}`);
  });
});

describe('mirrors and aliases', () => {
  test('a mirror stands in for a registry that is out of reach', async () => {
    settings = {
      ...noImageSettings,
      registries: [{ prefix: 'registry.invalid', mirrors: [`${plain.host}/team`], insecure: false }],
    };
    await forget();
    expect((await pull('registry.invalid/app:1')).ref).toBe(`registry.invalid/app@${digest}`);
  });

  test('an image by another name', async () => {
    settings = { ...noImageSettings, aliases: { ubuntu: `${plain.host}/team/app` } };
    await forget();
    expect((await pull('ubuntu:1')).ref).toBe(`${plain.host}/team/app@${digest}`);
  });

  test('one that takes no TLS says what to change', async () => {
    settings = { ...noImageSettings, registries: [{ prefix: plain.host, mirrors: [], insecure: false }] };
    await expect(pull(`${plain.host}/team/app:1`)).rejects.toMatchObject({
      kind: 'fact',
      message: expect.stringContaining('--insecure'),
    });
    settings = { ...noImageSettings, registries: [{ prefix: plain.host, mirrors: [], insecure: true }] };
    await forget();
    await expect(pull(`${plain.host}/team/app:1`)).resolves.toMatchObject({ ref: expect.stringContaining(digest) });
    settings = noImageSettings;
  });
});

test('a registry that stops in the middle is given up, one that is slow is not', async () => {
  await forget();
  const stuck = await gateway(plain, (path, pass) => {
    if (!path.includes('/blobs/')) pass();
  });
  const impatient = pullerOf({ patience: 2000 });
  await expect(pull(`127.0.0.1:${stuck.port}/team/app:1`, {}, impatient)).rejects.toMatchObject({
    kind: 'passing',
    message: `registry 127.0.0.1:${stuck.port} sent nothing for 2 s`,
  });
  await stuck.stop();
  const slow = await gateway(plain, (_, pass) => void setTimeout(pass, 700));
  await expect(pull(`127.0.0.1:${slow.port}/team/app:1`, {}, impatient)).resolves.toBeDefined();
  await slow.stop();
});

test('no pull begins where the disk has no room', async () => {
  await forget();
  const full = pullerOf({ reserveBytes: 2 ** 60 });
  await expect(pull(`${plain.host}/team/app:1`, {}, full)).rejects.toMatchObject({
    kind: 'passing',
    message: expect.stringContaining('kept free'),
  });
});

test('a layer that is damaged is refused, and nothing of it is kept', async () => {
  const bad = await Registry.start();
  bad.push(layout, 'team/app:1');
  bad.damage();
  await expect(pull(`${bad.host}/team/app:1`)).rejects.toMatchObject({
    kind: 'damaged',
    message: expect.stringMatching(/^what registry .* sent is damaged/),
  });
  expect(storage.list()).toEqual([]);
  await bad.stop();
});

test('an image whose layer was taken away comes anew', async () => {
  const { layerPaths } = (await pull(`${plain.host}/team/app:1`)).image;
  rmSync(layerPaths[0]!, { recursive: true });
  expect(storage.find(digest)).toBeUndefined();
  const again = (await pull(`${plain.host}/team/app:1`)).image;
  expect(existsSync(join(again.layerPaths[0]!, 'bin/busybox'))).toBe(true);
});

test('a file system without overlays: whole copies of each layer', async () => {
  const folders = ['graph', 'run', 'config', 'kept'].map((name) => join(root, 'whole', name));
  const [graphRoot, runRoot, configDirectory, keptDirectory] = folders as [string, string, string, string];
  const whole = new ContainerStorage({
    graphRoot,
    runRoot,
    configDirectory,
    keptDirectory,
    bootId: 'b',
    run: runCommand,
  });
  await whole.open();
  expect(await whole.useVfs()).toBe(true);
  const by = pullerOf({ storage: whole });
  await by.open();
  const { image } = await pull(`${plain.host}/team/app:1`, {}, by);
  expect(image.layerPaths).toEqual([expect.stringContaining('/vfs/dir/')]);
  const again = new ContainerStorage({
    graphRoot,
    runRoot,
    configDirectory,
    keptDirectory,
    bootId: 'b',
    run: runCommand,
  });
  await again.open();
  expect([again.driver, again.find(digest)?.id]).toEqual(['vfs', image.id]);
});

interface Gateway {
  readonly port: number;
  stop(): Promise<void>;
}

/** Stands before a registry. @param see decides when a request is passed on, or never */
async function gateway(to: Registry, see: (path: string, pass: () => void) => void): Promise<Gateway> {
  const server: Server = createServer((incoming, answer) => {
    const pass = (): void => {
      const { method, headers, url: path } = incoming;
      const forwarded = request({ host: '127.0.0.1', port: to.port, method, headers, path }, (response) => {
        answer.writeHead(response.statusCode ?? 500, response.headers);
        response.pipe(answer);
      });
      forwarded.on('error', () => answer.destroy());
      incoming.pipe(forwarded);
    };
    see(incoming.url ?? '', pass);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('references are never taken for options', () => {
  expect(() => parseImageReference('--all')).toThrow();
});
