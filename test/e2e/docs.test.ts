/** Every code block of README.md and docs/*.md, run as it stands there against one server. */

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inChroot } from '../support/chroot.ts';
import { blocksOf } from '../support/docs/blocks.ts';
import { Page } from '../support/docs/page.ts';
import { Kf } from '../support/kf.ts';
import { busybox, makeImage } from '../support/oci-image.ts';
import { Receiver } from '../support/receiver.ts';
import { Registry } from '../support/registry.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const support = fileURLToPath(new URL('../support', import.meta.url));
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];

let kf: Kf;
let env: Readonly<Record<string, string>>;
let receiver: Receiver;
let registry: Registry;
/** Every folder above belongs to root. */
let host: string;
beforeAll(async () => {
  kf = await Kf.create();
  receiver = await Receiver.start(0, ({ headers, text }) =>
    writeFileSync(join(kf.home, 'last.json'), JSON.stringify({ headers, text })),
  );
  host = mkdtempSync('/srv/kf-docs-');
  const bin = join(kf.home, 'bin');
  mkdirSync(bin);
  symlinkSync(join(root, 'bin/kf'), join(bin, 'kf'));
  env = {
    ...kf.env,
    PATH: `${bin}:${join(support, 'docs/bin')}:${join(support, 'bin')}:${kf.env.PATH}`,
    CRONTAB_FILE: join(kf.home, 'crontab'),
    TZ: 'UTC',
    RECEIVER_PORT: String(receiver.port),
    RECEIVED: kf.home,
    CHECK_POST: checkPost,
  };
  await kf.ok('server', 'start');
  registry = await Registry.start();
  const config = { Cmd: ['echo', 'hello from the image'] };
  await makeImage(join(kf.home, 'image'), { layers: [busybox], config });
  for (const name of ['team/report:2', 'base:12']) registry.push(join(kf.home, 'image'), name);
});
afterAll(async () => {
  await kf.remove();
  await receiver.close();
  await registry.stop();
  rmSync(host, { recursive: true, force: true });
  rmSync(logFile(), { force: true });
});

/** That what a page shows of a post has the fields of one that came. */
const checkPost = `
const [shown, came] = process.argv.slice(1).map((file) => JSON.parse(require('fs').readFileSync(file)));
const fields = (value, path) => typeof value !== 'object' ? [path] :
  Array.isArray(value) ? [path] : Object.keys(value).flatMap((key) => fields(value[key], path + '.' + key)).sort();
delete shown.data.slot; // Jobs run by hand have none.
require('assert').deepEqual(fields(shown, ''), fields(JSON.parse(came.text), ''));`;

const logFile = (): string => `/var/log/${basename(host)}.jsonl`;

/** What the pages speak of, and what there is for it here. */
const meanings = (): Readonly<Record<string, string>> => ({
  '/var/lib/kf': kf.dataDir,
  // As kf says it of a server that is not at its usual place.
  'sudo kf server restart': `sudo KF_HOME=${kf.dataDir} kf server restart`,
  'https://example.org': `http://127.0.0.1:${receiver.port}`,
  'logs.example.com': '127.0.0.1',
  'registry.example.com': registry.host,
  'collector.example.com': '127.0.0.1',
  // Disks of machines that run tests are small.
  '10Gi': '16Mi',
  '/srv/backups': host,
  '/opt/tools': host,
  '/srv/git': host,
  '/var/log/kf-tasks.jsonl': logFile(),
  '/backup/': `${kf.home}/`,
});

const chroot = inChroot();

describe.each(pages)('%s', (path) => {
  const blocks = blocksOf(readFileSync(join(root, path), 'utf8'));
  const cwd = (): string => join(kf.home, path.replaceAll('/', '-'));
  let page: Page;
  beforeAll(async () => {
    cpSync(join(root, 'examples'), join(cwd(), 'examples'), { recursive: true });
    page = new Page({ cwd: cwd(), env, means: meanings() });
    // Every page finds the server as it is at the start.
    await kf.ok('create-space', 'dev').catch(() => undefined);
    await kf.ok('target', 'dev');
  });
  afterAll(async () => {
    page.close();
    await kf.ok('delete-space', 'dev');
  });

  for (const block of blocks) {
    const name = `line ${block.line}: ${block.text.split('\n').find((line) => line.trim() !== '')}`;
    const reason = block.skip ?? (chroot ? block.chroot : undefined);
    if (reason === undefined) test(name, () => page.run(block));
    else test(`${name}  NOT RUN: ${reason}`, () => expect(reason.length).toBeGreaterThan(10));
  }
  if (blocks.length === 0) test('has no code', () => undefined);
});
