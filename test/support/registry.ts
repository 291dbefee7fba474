/** Debian's docker-registry on a port of 127.0.0.1, with or without TLS and password. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RegistryOptions {
  readonly tls?: boolean;
  /** Asks for `user` with the password `open sesame`. */
  readonly password?: boolean;
  /** Folder that keeps the images, and stays. Default: one of its own. */
  readonly data?: string;
}

export const registryLogin = { username: 'user', password: 'open sesame' } as const;
/** bcrypt, the only kind that it takes. */
const htpasswd = 'user:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n';

export class Registry {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kf-registry-'));
  readonly #options: RegistryOptions;
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    options: RegistryOptions,
  ) {
    this.#options = options;
  }

  static async start(options: RegistryOptions = {}): Promise<Registry> {
    const registry = new Registry(await freePort(), options);
    registry.#prepare();
    await registry.up();
    return registry;
  }

  /** `127.0.0.1:PORT` */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  get #data(): string {
    return this.#options.data ?? join(this.#folder, 'data');
  }

  /** File of the certificate that its own is told by. */
  get ca(): string {
    return join(this.#folder, 'ca.crt');
  }

  async up(): Promise<void> {
    const child = spawn('docker-registry', ['serve', join(this.#folder, 'config.yml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('listening on')) resolve();
      });
      child.on('error', reject);
      child.on('close', () => reject(new Error(`docker-registry ended: ${said}`)));
    });
  }

  async down(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Pushes the image of an OCI layout. @param name `team/app:1` */
  push(layout: string, name: string): void {
    const login = this.#options.password ? ['--dest-creds', `${registryLogin.username}:${registryLogin.password}`] : [];
    const args = ['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false', ...login];
    execFileSync('skopeo', [...args, `oci:${layout}`, `docker://${this.host}/${name}`]);
  }

  /** Changes a byte in the middle of its largest blob. */
  damage(): void {
    const blobs = join(this.#data, 'docker/registry/v2/blobs/sha256');
    const files = readdirSync(blobs, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort((a, b) => statSync(b).size - statSync(a).size);
    const content = readFileSync(files[0]!);
    content[content.length >> 1]! ^= 0xff;
    writeFileSync(files[0]!, content);
  }

  #prepare(): void {
    mkdirSync(this.#data, { recursive: true });
    const { tls, password } = this.#options;
    if (tls) this.#makeCertificates();
    if (password) writeFileSync(join(this.#folder, 'htpasswd'), htpasswd);
    const config = {
      version: '0.1',
      storage: { filesystem: { rootdirectory: this.#data } },
      http: {
        addr: this.host,
        ...(tls ? { tls: { certificate: join(this.#folder, 'own.crt'), key: join(this.#folder, 'own.key') } } : {}),
      },
      ...(password ? { auth: { htpasswd: { realm: 'test', path: join(this.#folder, 'htpasswd') } } } : {}),
    };
    // JSON is YAML.
    writeFileSync(join(this.#folder, 'config.yml'), JSON.stringify(config));
  }

  #makeCertificates(): void {
    const openssl = (...args: readonly string[]) =>
      execFileSync('openssl', args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    openssl('req', '-x509', ...fresh, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority');
    writeFileSync(join(this.#folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
    openssl('req', ...fresh.slice(0, 4), '-nodes', '-keyout', 'own.key', '-out', 'own.csr', '-subj', '/CN=127.0.0.1');
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    openssl('x509', '-req', '-in', 'own.csr', '-out', 'own.crt', ...signed);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
