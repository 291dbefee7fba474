/** The suite's own manifests, one for each behaviour: each checks itself by its own steps. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slowness } from '../support/slowness.ts';
import { TektonServer } from '../support/tekton.ts';
import { readManifest } from '../tekton/suite/manifest.ts';
import { runManifest } from '../tekton/suite/run-manifest.ts';

const folder = fileURLToPath(new URL('../tekton/manifests', import.meta.url));

let server: TektonServer;
beforeAll(async () => {
  server = await TektonServer.start();
});
afterAll(() => server?.stop());

describe.concurrent('a manifest runs to its end', () => {
  test.each(readdirSync(folder).sort())('%s', { timeout: 60_000 * slowness }, async (name) => {
    const { client, kubeconfig } = server;
    const namespace = `own-${name.replace('.yaml', '')}`;
    const manifest = readManifest(name, readFileSync(join(folder, name), 'utf8'));
    const outcome = await runManifest(manifest, { client, kubeconfig, namespace, timeout: 50_000 * slowness });
    expect(outcome.result, `${outcome.reason}\n${outcome.log}`).toBe('passed');
  });
});
