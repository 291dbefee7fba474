/** Real servers out of Debian's packages, each in a folder and on a port of its own; for the examples. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Running {
  /** On every address of this machine. */
  readonly port: number;
  readonly folder: string;
  stop(): Promise<void>;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when somebody listens. @throws when the server has ended before */
async function listening(child: ChildProcess, port: number, said: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended: ${said()}`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
}

async function start(
  program: string,
  args: readonly string[],
  port: number,
  folder: string,
  user: { readonly uid?: number; readonly gid?: number } = {},
): Promise<Running> {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...user });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (data: string) => {
      text += data;
    });
  child.on('error', (error) => {
    text += error.message;
  });
  await listening(child, port, () => text);
  return {
    port,
    folder,
    async stop() {
      // PostgreSQL: end the sessions, too.
      child.kill('SIGINT');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A cluster of its own with the database and user `sales`, password `s3cret`. */
export async function startPostgres(): Promise<Running> {
  const version = readdirSync('/usr/lib/postgresql').sort().at(-1)!;
  const bin = join('/usr/lib/postgresql', version, 'bin');
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const user = { uid: id('-u'), gid: id('-g') };
  const folder = mkdtempSync(join(tmpdir(), 'kf-postgres-'));
  chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder, stdio: 'pipe' as const };
  const data = join(folder, 'data');
  execFileSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'], options);
  writeFileSync(join(data, 'pg_hba.conf'), 'local all all trust\nhost all all 0.0.0.0/0 scram-sha-256\n');
  const port = await freePort();
  const settings = [`port=${port}`, `unix_socket_directories=${folder}`, 'listen_addresses=0.0.0.0', 'fsync=off'];
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const running = await start(join(bin, 'postgres'), args, port, folder, user);
  const psql = (sql: string) =>
    execFileSync(
      join(bin, 'psql'),
      ['-h', folder, '-p', String(port), '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-c', sql],
      options,
    );
  psql(`create role sales login password 's3cret'`);
  psql('create database sales owner sales');
  return running;
}

/** Takes every mail, and keeps it as a file of `folder/mails/new`. */
export async function startSmtp(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'kf-smtp-'));
  const port = await freePort();
  const mailbox = ['-c', 'aiosmtpd.handlers.Mailbox', join(folder, 'mails')];
  return start('aiosmtpd', ['-n', '-l', `0.0.0.0:${port}`, ...mailbox], port, folder);
}

/** As startSmtp, but over STARTTLS only, for the user `reports`, password `s3cret`; `folder/cert.pem` is its certificate. */
export async function startSecureSmtp(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'kf-smtps-'));
  const port = await freePort();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=mail', '-addext', 'subjectAltName=DNS:host.kf.internal'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  });
  const script = fileURLToPath(new URL('smtp-server.py', import.meta.url));
  return start('/usr/bin/python3', [script, String(port), folder, cert, key], port, folder);
}

/** WebDAV over `folder/files` for the user `etl`, password `s3cret`. */
export async function startWebdav(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'kf-webdav-'));
  for (const name of ['files/in', 'files/out']) mkdirSync(join(folder, name), { recursive: true });
  const port = await freePort();
  const hash = execFileSync('openssl', ['passwd', '-apr1', 's3cret'], { encoding: 'utf8' }).trim();
  writeFileSync(join(folder, 'users'), `etl:${hash}\n`);
  const module = (name: string) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`;
  const modules = ['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic', 'dav', 'dav_fs'];
  writeFileSync(
    join(folder, 'httpd.conf'),
    `${modules.map(module).join('\n')}
ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/pid
Listen 0.0.0.0:${port}
User www-data
Group www-data
ErrorLog ${folder}/error.log
DocumentRoot ${folder}/files
DavLockDB ${folder}/locks
<Directory ${folder}/files>
  Dav On
  AuthType Basic
  AuthName files
  AuthUserFile ${folder}/users
  Require valid-user
</Directory>
`,
  );
  execFileSync('chown', ['-R', 'www-data:www-data', folder]);
  return start('apache2', ['-f', join(folder, 'httpd.conf'), '-D', 'FOREGROUND'], port, folder);
}

/** The mails that have arrived, as text. */
export const mailsOf = ({ folder }: Running): readonly string[] =>
  readdirSync(join(folder, 'mails/new')).map((name) => readFileSync(join(folder, 'mails/new', name), 'utf8'));
