import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contextNameOf } from '../../src/cli/connect.ts';

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
