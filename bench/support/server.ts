/** A server of the bench's own: started as a process of its own, asked over HTTPS as any client does. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serverEnvironment, serverNodeFlags } from '../../src/cli/server/program.ts';
import { HttpClient } from '../../src/client/http/http-client.ts';
import { loadKubeconfig } from '../../src/client/http/kubeconfig.ts';
import { instancePrefix } from '../../src/node/host/instance.ts';
import { type Layout, layoutOf } from '../../src/node/layout.ts';
import { conditionOf } from '../../src/resources/condition.ts';
import { App } from '../../src/resources/kf/app.ts';
import { isAlreadyExists } from '../../src/resources/status.ts';
import type { CpuAccount } from './cpu-account.ts';
import { memoryOf, processTree, succeed, ticksOf } from './processes.ts';
import { sum } from './statistics.ts';
import type { Workspace } from './workspace.ts';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const space = 'dev';

export interface ServerSettings {
  /** Default: a new one. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cpu?: CpuAccount;
  /** Flags of Node.js, for profiles. */
  readonly nodeFlags?: readonly string[];
}

export class BenchServer {
  readonly layout: Layout;
  /** What its cgroups, links and namespaces begin with. */
  readonly prefix: string;

  private constructor(
    readonly home: string,
    readonly env: NodeJS.ProcessEnv,
    readonly process: ChildProcess,
    readonly client: HttpClient,
    /** Milliseconds from the process's start until it said that it is ready. */
    readonly readyAfter: number,
  ) {
    const instance = readFileSync(join(home, 'kf', 'instance'), 'utf8');
    this.prefix = instancePrefix(instance);
    this.layout = layoutOf(join(home, 'kf'), join(home, 'kf', 'run'), instance);
  }

  static async start(workspace: Workspace, settings: ServerSettings = {}): Promise<BenchServer> {
    const home = settings.home ?? (await workspace.make('home'));
    const env = environmentOf(home, settings.env);
    const argv = [
      process.execPath,
      ...serverNodeFlags,
      ...(settings.nodeFlags ?? []),
      join(root, 'dist/server.js'),
      'run',
    ];
    const [program = '', ...args] = settings.cpu?.wrap(argv) ?? argv;
    const began = performance.now();
    const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
    let server: BenchServer | undefined;
    workspace.onEnd(() => (server === undefined ? void child.kill('SIGKILL') : server.stop()));
    await isReady(child);
    const readyAfter = performance.now() - began;
    const client = new HttpClient(await loadKubeconfig({ path: join(home, 'kf', 'kubeconfig') }), 'kf-bench');
    server = new BenchServer(home, env, child, client, readyAfter);
    return server;
  }

  /** Runs `kf ARGS…` against this server, found as the one of this machine. */
  kf(...args: readonly string[]) {
    const { KUBECONFIG: _, ...env } = this.env;
    return succeed(process.execPath, [join(root, 'bin/kf'), ...args], env, this.home);
  }

  /** An App on the host stack that runs `command`, unless it is there; no push, no layers of its own. */
  async app(name: string, command: string): Promise<void> {
    const app = {
      metadata: { name, namespace: space },
      spec: {
        build: { image: 'kf.local/stack/host' },
        instances: { stopped: true },
        template: { spec: { containers: [{ name: 'user-container', args: [command] }] } },
      },
    };
    await this.client.create(App, app).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
    for await (const { object } of this.client.watch(App, { namespace: space, fieldSelector: `metadata.name=${name}` }))
      if (conditionOf(object, 'Ready')?.status === 'True') return;
    throw new Error(`App ${name} did not become ready`);
  }

  /** Every process that it keeps running: itself, its helpers, monitors of this or an earlier server. */
  processes(): number[] {
    return processTree(this.process.pid!, (line) => line.includes(this.layout.volatile) || line.includes(this.prefix));
  }

  /** Monitors of containers. */
  monitors(): number[] {
    return processTree(-1, (line) => line.includes('conmon ') && line.includes(this.layout.volatile));
  }

  /** Processor time of the server's process itself, in ticks of 10 ms. */
  ticks(): number {
    return ticksOf(this.process.pid!, { children: false });
  }

  /**
   * Of every process that it keeps running. `pss` as the kernel sums it; `alone` as it would be without the bench's own
   * Node.js, or anybody else's, to share Node.js's pages with.
   */
  async memory(): Promise<{ readonly pss: number; readonly alone: number; readonly text: string }> {
    const [main, ...others] = await Promise.all([this.process.pid!, ...this.helpers()].map(memoryOf));
    const helpers = sum(others.map(({ pss }) => pss));
    const megabytes = (bytes = 0): string => `${(bytes / 1e6).toFixed(1)} MB`;
    return {
      pss: (main?.pss ?? 0) + helpers,
      alone: (main?.alone ?? 0) + helpers,
      text: `server ${megabytes(main?.alone)} (anonymous ${megabytes(main?.anonymous)}), ${others.length} helpers ${megabytes(helpers)}; PSS beside other Node.js processes ${megabytes((main?.pss ?? 0) + helpers)}`,
    };
  }

  /** Processes of its other than its main one. */
  helpers(): number[] {
    return this.processes().filter((pid) => pid !== this.process.pid);
  }

  /** Resolves when it has nothing left to do: no processor time used for a while, by itself or its helpers. */
  async settled(): Promise<void> {
    const ticks = () => this.processes().reduce((total, pid) => total + ticksOf(pid), 0);
    let before = ticks();
    for (let quiet = 0; quiet < 4; ) {
      await delay(40);
      const now = ticks();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  /** Ends it. What runs would go on running: rows leave nothing running. */
  async stop(): Promise<void> {
    this.client.close();
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
    if (existsSync(join(this.home, 'kf', 'server.json'))) throw new Error('the server did not end well');
  }
}

/** Nothing of the caller's; other servers must not be touched. */
function environmentOf(home: string, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    ...serverEnvironment,
    HOME: home,
    KF_HOME: join(home, 'kf'),
    KF_PORT: '0',
    KUBECONFIG: join(home, 'kf', 'kubeconfig'),
    ...more,
  };
}

function isReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/^ready /m.test(said)) resolve();
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (process.env.KF_BENCH_VERBOSE) process.stderr.write(text);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`the server ended (${signal ?? code}): ${said}`)));
  });
}
