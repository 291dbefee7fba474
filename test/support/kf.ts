/** A kf of one's own: its own home, server and port; for end-to-end tests. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../../src/cli/server/server-file.ts';
import { HttpClient } from '../../src/client/http/http-client.ts';
import { loadKubeconfig } from '../../src/client/http/kubeconfig.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Fires to send SIGINT. */
  readonly interrupt?: Promise<unknown>;
  /** Takes standard output as it comes, instead of the result: it may be large. */
  readonly onStdout?: (chunk: Buffer) => void;
}

export class Kf {
  readonly env: Readonly<Record<string, string>>;

  private constructor(
    readonly home: string,
    env: Readonly<Record<string, string>>,
    private readonly program = join(root, 'bin', 'kf'),
  ) {
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: home,
      KF_HOME: join(home, 'kf'),
      KF_PORT: '0',
      LANG: 'C.UTF-8',
      ...env,
    };
  }

  /** With a server that the first command starts. */
  static async create(env: Readonly<Record<string, string>> = {}): Promise<Kf> {
    return new Kf(await mkdtemp(join(process.env.KF_TEST_DIR ?? tmpdir(), 'kf-e2e-')), env);
  }

  /** The same user with another `kf`. */
  with(program: string): Kf {
    return new Kf(this.home, this.env, program);
  }

  get dataDir(): string {
    return this.env.KF_HOME ?? '';
  }

  /** Runs `kf ARGS…` to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [this.program, ...args], {
        env: { ...this.env, ...options.env },
        cwd: options.cwd ?? this.home,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      if (options.onStdout === undefined)
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          stdout += text;
        });
      else child.stdout.on('data', options.onStdout);
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      void options.interrupt?.then(() => child.kill('SIGINT'));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
  }

  /** A command under way; `until` resolves when it has printed the text on either stream. */
  start(...args: readonly string[]) {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(process.execPath, [join(root, 'bin', 'kf'), ...args], { env: this.env, stdio: [...stdio] });
    const output = { stdout: '', stderr: '' };
    const looks = new Set<() => void>();
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream]!.setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
        for (const look of looks) look();
      });
    const until = (text: string) =>
      new Promise<void>((resolve) => {
        const look = () => (output.stdout + output.stderr).includes(text) && resolve();
        looks.add(look);
        look();
      });
    const ended = once(child, 'close').then(([code]) => ({ code: code as number, ...output }));
    return { child, until, ended, output };
  }

  /** As run, for commands that must succeed. */
  async ok(...args: readonly string[]): Promise<Finished> {
    const finished = await this.run(args);
    if (finished.code !== 0)
      throw new Error(
        `kf ${args.join(' ')} exited with ${finished.code}\n${finished.stdout}\n${finished.stderr}${await this.log()}`,
      );
    return finished;
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse((await this.ok(...args, '-o', 'json')).stdout) as T;
  }

  /** A client of the server's API. Close it. */
  async client(): Promise<HttpClient> {
    return new HttpClient(await loadKubeconfig({ path: join(this.dataDir, 'kubeconfig') }));
  }

  async serverPid(): Promise<number> {
    const state = JSON.parse(await readFile(join(this.dataDir, 'server.json'), 'utf8')) as { pid: number };
    return state.pid;
  }

  /** kill -9 of the server, and its end. */
  async killServer(): Promise<void> {
    const pid = await this.serverPid();
    process.kill(pid, 'SIGKILL');
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Writes a source folder and pushes it as task app. */
  async push(app: string, files: Readonly<Record<string, string>>, ...flags: readonly string[]): Promise<Finished> {
    const folder = await this.source(app, files);
    return this.ok('push', app, '--task', '-p', folder, ...flags);
  }

  async source(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const folder = join(this.home, 'src', name);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    return folder;
  }

  log(): Promise<string> {
    return readFile(join(this.dataDir, 'server.log'), 'utf8').then(
      (text) => `\nserver.log:\n${text.split('\n').slice(-40).join('\n')}`,
      () => '',
    );
  }

  /** Ends the server with all that it runs, and removes everything. */
  async remove(): Promise<void> {
    await this.run(['server', 'stop', '--kill']);
    if ((await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${this.dataDir}/`)) {
      // A test that failed in the middle left what a killed server had made: the next server takes it away.
      await this.run(['server', 'start']);
      await this.run(['server', 'stop', '--kill']);
    }
    await rm(this.home, { recursive: true, force: true });
  }
}

export { isAlive };
