/** The examples, as their READMEs tell them, against real servers. */

import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { mailsOf, type Running, startPostgres, startSecureSmtp, startSmtp, startWebdav } from '../support/servers.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));

let kf: Kf;
const servers: Running[] = [];
let postgres: Running;
let smtp: Running;
let secureSmtp: Running;
let webdav: Running;
/** Every folder above belongs to root. */
let host: string | undefined;
beforeAll(async () => {
  kf = await Kf.create();
  const started = async (server: Promise<Running>) => {
    servers.push(await server);
    return server;
  };
  [postgres, smtp, secureSmtp, webdav] = await Promise.all([
    started(startPostgres()),
    started(startSmtp()),
    started(startSecureSmtp()),
    started(startWebdav()),
  ]);
  host = mkdtempSync('/srv/kf-examples-');
  const uri = `postgres://sales:s3cret@host.kf.internal:${postgres.port}/sales`;
  await kf.ok('create-user-provided-service', 'sales-db', '-p', JSON.stringify({ uri }));
});
afterAll(async () => {
  await kf.remove();
  await Promise.all(servers.map((server) => server.stop()));
  if (host !== undefined) rmSync(host, { recursive: true, force: true });
});

const push = (name: string, ...flags: readonly string[]) =>
  kf.ok('push', '-f', join(examples, name, 'manifest.yml'), ...flags);
const follow = async (...words: readonly string[]) => {
  const { code, stdout, stderr } = await kf.run([...words, '--follow']);
  return { code, stdout, stderr };
};
const task = (app: string, command?: string, ...flags: readonly string[]) =>
  follow('run-task', app, ...(command === undefined ? [] : ['-c', command]), ...flags);
const query = async (sql: string) => (await task('migrate', `psql "$DATABASE_URL" -At -c "${sql}"`)).stdout;

describe('migrate-database', () => {
  test('each migration once; one that fails changes nothing and says so', async () => {
    await push('migrate-database');
    const first = await task('migrate');
    expect([first.code, first.stdout], first.stderr).toEqual([
      0,
      'applied 001_orders\napplied 002_regions\napplied 003_first_orders\n',
    ]);
    expect((await task('migrate')).stdout).toBe('skipped 001_orders\nskipped 002_regions\nskipped 003_first_orders\n');
    expect(await query('select sum(cents) from orders')).toBe('11550\n');
    const broken = 'echo "create table half (a int); select no_such_column;" > migrations/004_bad.sql; sh migrate.sh';
    const failed = await task('migrate', broken);
    expect(failed.code).toBe(3);
    expect(await query("select to_regclass('half') is null, count(*) from schema_migrations")).toBe('t|3\n');
  });

  test('the password stands in no command, log or description', async () => {
    for (const words of [
      ['app', 'migrate'],
      ['task', 'migrate', '1'],
      ['task', 'migrate', '1', '-o', 'yaml'],
      ['env', 'migrate'],
      ['service', 'sales-db'],
    ])
      expect((await kf.ok(...words)).stdout, words.join(' ')).not.toContain('s3cret');
  });
});

test('backup-restore: into a directory of the host, and back', async () => {
  const path = join(host!, 'backups');
  await kf.ok('configure-server', 'allow-host-path', path);
  await kf.ok('create-service', 'volume', 'backups', '-c', JSON.stringify({ path }));
  await push('backup-restore');
  await kf.ok('create-job', 'backup', 'nightly', 'sh backup.sh', '-s', '30 2 * * *');
  const backup = await follow('run-job', 'nightly');
  expect([backup.code, backup.stdout], backup.stderr).toEqual([
    0,
    expect.stringMatching(/^backed up to sales-.*\.dump/),
  ]);
  expect(readdirSync(path)).toHaveLength(1);
  await query('delete from orders');
  expect(await query('select count(*) from orders')).toBe('0\n');
  const restored = await task('backup', 'sh restore.sh');
  expect([restored.code, restored.stdout], restored.stderr).toEqual([0, expect.stringContaining('restored sales-')]);
  expect(await query('select count(*) from orders')).toBe('3\n');
  const pruned = await task('backup', 'KEEP=1 sh backup.sh');
  expect(pruned.stdout).toContain('removed sales-');
  expect(readdirSync(path)).toHaveLength(1);
});

test('send-email: arrives with its attachment; who is refused is named', async () => {
  const credentials = { host: 'host.kf.internal', port: smtp.port, from: 'reports@example.com' };
  const file = join(kf.home, 'smtp.json');
  writeFileSync(file, JSON.stringify(credentials));
  await kf.ok('create-user-provided-service', 'smtp', '-t', 'smtp', '-p', file);
  await push('send-email', '-e', 'RECIPIENTS=ada@example.com,grace@example.com');
  const sent = await task('mailer', undefined, '-e', 'SUBJECT=Orders of the day');
  expect([sent.code, sent.stdout], sent.stderr).toEqual([0, expect.stringMatching(/^sent to ada@example.com, ?grace/)]);
  const [mail] = mailsOf(smtp);
  expect(mail).toContain('Subject: Orders of the day');
  expect(mail).toContain('filename="regions.csv"');
  await kf.ok('uups', 'smtp', '-p', JSON.stringify({ ...credentials, port: 9 }));
  expect((await task('mailer')).code).toBe(1);
});

test('send-email: with a password over STARTTLS, and never without; a certificate of nobody known is refused', async () => {
  const { port, folder } = secureSmtp;
  const ca = readFileSync(join(folder, 'cert.pem'), 'utf8');
  const login = { host: 'host.kf.internal', from: 'reports@example.com', username: 'reports', password: 's3cret' };
  await kf.ok('uups', 'smtp', '-p', JSON.stringify({ ...login, port, ca }));
  const sent = await task('mailer', undefined, '-e', 'RECIPIENTS=ada@example.com');
  expect([sent.code, sent.stdout], sent.stderr).toEqual([0, 'sent to ada@example.com through host.kf.internal\n']);
  expect(mailsOf(secureSmtp)).toHaveLength(1);
  for (const [credentials, why] of [
    [{ ...login, port, ca, password: 'wrong' }, 'Authentication credentials invalid'],
    [{ ...login, port }, 'certificate verify failed'],
    [{ ...login, port: smtp.port }, 'offers no STARTTLS, and the password is not sent in the clear'],
  ] as const) {
    await kf.ok('uups', 'smtp', '-p', JSON.stringify(credentials));
    const { code, stdout, stderr } = await task('mailer');
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining(why)]);
  }
  expect(mailsOf(secureSmtp)).toHaveLength(1);
});

test('scheduled-batch: a file per slot, whichever way and however often it is run', async () => {
  await kf.ok('create-service', 'volume', 'results', '-c', '{"capacity":"32Mi"}');
  await push('scheduled-batch');
  const words = ['batch', 'hourly', 'node batch.mjs', '-s', '@hourly', '--missed', 'all', '--missed-within', '24h'];
  await kf.ok('create-job', ...words, '-c', 'Forbid', '--retries', '3');
  for (const _ of [1, 2])
    expect((await follow('run-job', 'hourly', '-e', 'UNTIL=2026-03-01T07:00:00Z')).stdout).toBe(
      '3 orders of 2026-03-01T06:00:00.000Z → /results/2026-03-01T06.json\n',
    );
  await kf.ok('cp', 'results:/', 'results');
  expect(readdirSync(join(kf.home, 'results'))).toEqual(['2026-03-01T06.json']);
  expect(JSON.parse(readFileSync(join(kf.home, 'results/2026-03-01T06.json'), 'utf8'))).toMatchObject({
    orders: 3,
    regions: { eu: 1000, asia: 3100 },
  });
});

test('download-upload: checked, compressed, and never half; a wrong checksum ends it', async () => {
  const url = `http://host.kf.internal:${webdav.port}/`;
  const credentials = { url, username: 'etl', password: 's3cret' };
  await kf.ok('create-user-provided-service', 'files', '-p', JSON.stringify(credentials));
  await push('download-upload');
  const content = 'region,cents\n'.repeat(100_000);
  const put = (name: string, text: string) => writeFileSync(join(webdav.folder, 'files/in', name), text);
  put('orders.csv', content);
  put('orders.csv.sha256', `${createHash('sha256').update(content).digest('hex')}  orders.csv\n`);
  const done = await task('transfer');
  expect([done.code, done.stdout], done.stderr).toEqual([
    0,
    expect.stringMatching(/^orders.csv: 1300000 bytes in, \d+ out\n$/),
  ]);
  const out = join(webdav.folder, 'files/out');
  expect(readdirSync(out)).toEqual(['orders.csv.gz']);
  expect(gunzipSync(readFileSync(join(out, 'orders.csv.gz'))).toString()).toBe(content);
  put('bad.csv', content);
  put('bad.csv.sha256', '0 bad.csv\n');
  const bad = await task('transfer', 'node transfer.mjs bad.csv');
  expect([bad.code, bad.stdout]).toEqual([1, 'bad.csv: the checksum is not the one in bad.csv.sha256\n']);
  expect(readdirSync(out)).toEqual(['orders.csv.gz']);
});

test('etl: joins the tables of time zones', async () => {
  await push('etl');
  const { code, stdout } = await task('etl');
  expect(code).toBe(0);
  expect(stdout).toContain('extracted 312 zones of 249 countries');
});
