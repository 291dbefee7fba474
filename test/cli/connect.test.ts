import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectTo, contextNameOf } from '../../src/cli/connect.ts';
import type { Io } from '../../src/cli/io.ts';

let path: string;
beforeAll(() => {
  path = join(mkdtempSync(join(tmpdir(), 'kf-connect-')), 'config');
  const config = {
    'current-context': 'one',
    contexts: [
      { name: 'one', context: { cluster: 'c' } },
      { name: 'two', context: { cluster: 'c' } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
  };
  writeFileSync(path, JSON.stringify(config));
});
afterAll(() => rmSync(join(path, '..'), { recursive: true }));

test('the context that is meant: the one named, else the current one', async () => {
  expect(await contextNameOf({ kind: 'kubeconfig', path })).toBe('one');
  expect(await contextNameOf({ kind: 'kubeconfig', path, context: 'two' })).toBe('two');
});

test('a context or a kubeconfig that does not exist is an error, before anything is saved or done', async () => {
  await expect(contextNameOf({ kind: 'kubeconfig', path, context: 'three' })).rejects.toThrow(
    'there is no context "three"',
  );
  await expect(contextNameOf({ kind: 'kubeconfig', path: `${path}.none`, context: 'two' })).rejects.toThrow(
    'cannot read the kubeconfig',
  );
});

describe('an embedded server that this command may not start', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'kf-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));
  const connect = () =>
    connectTo({ kind: 'embedded', home }, { note() {} } as unknown as Io, {}, { KF_AUTOSTART: '0' });

  test('is not waited for when it was stopped', async () => {
    await expect(connect()).rejects.toThrow('the embedded server is not running');
    // The lock of a command that was killed is nobody's.
    writeFileSync(join(home, 'start.lock'), `${2 ** 22 + 1}\n`);
    await expect(connect()).rejects.toThrow('the embedded server is not running');
  });

  test('is waited for while somebody starts it', async () => {
    writeFileSync(join(home, 'start.lock'), `${process.pid}\n`);
    cpSync(path, join(home, 'kubeconfig'));
    const connecting = connect();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(join(home, 'server.json'), JSON.stringify({ pid: process.pid, url }));
    (await connecting).close();
    server.close();
  });
});
