/** `kf` in this process, against a server over HTTPS with all controllers, a fake node and a fake builder. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceSink } from '../../src/apiserver/api.ts';
import { run } from '../../src/cli/run.ts';
import type { Client } from '../../src/client/client.ts';
import { systemClock } from '../../src/client/clock.ts';
import { itself, type RunningController, startController } from '../../src/client/controller.ts';
import { getIfExists } from '../../src/client/get-if-exists.ts';
import { HttpClient } from '../../src/client/http/http-client.ts';
import type { LogQuery, LogSource } from '../../src/client/logs.ts';
import { isFinal } from '../../src/resources/condition.ts';
import { Build } from '../../src/resources/kf/build.ts';
import { Space } from '../../src/resources/kf/space.ts';
import { startServer, type TestServer } from '../apiserver/http/support.ts';
import { World } from '../controllers/world.ts';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export class Running {
  stdout = '';
  stderr = '';
  readonly #stops = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  finished!: Promise<Finished>;
  /** The reader of the output goes: the exit code of a process. */
  unread = (): number => 0;

  readonly io = {
    out: async (data: string | Uint8Array) => {
      this.stdout += typeof data === 'string' ? data : Buffer.from(data).toString();
      this.#wake();
    },
    note: (line: string) => {
      this.stderr += `${line}\n`;
      this.#wake();
    },
    status: () => undefined,
    outIsTerminal: false,
    errIsTerminal: false,
    colour: false,
    onInterrupt: (stop: () => void) => {
      this.#stops.add(stop);
      return { remove: () => void this.#stops.delete(stop) };
    },
    onUnread: (end: () => number) => {
      this.unread = end;
    },
  };

  /** Ctrl-C. */
  interrupt(): void {
    for (const stop of this.#stops) stop();
  }

  /** Resolves once the text has been printed on either stream. */
  prints(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.stdout.includes(text) && !this.stderr.includes(text)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly colour?: boolean;
}

export class TestCli {
  /** Logs by the name of the Task or Build; what is not here is `hello\n`. */
  readonly logs = new Map<string, string>();
  /** What was asked of the logs. */
  readonly queries: LogQuery[] = [];
  /** Source packages that arrived, by checksum. */
  readonly sources = new Map<string, Buffer>();
  /** What the fake builder says of the Builds of an App. */
  readonly buildFailures = new Map<string, string>();
  /** How many of the next uploads break off in the middle, before or after the server has the bytes. */
  brokenUploads: { count: number; when: 'before' | 'after' } = { count: 0, when: 'before' };
  /** Set to make the server unreachable. */
  offline = false;

  private constructor(
    readonly server: TestServer,
    readonly world: World,
    readonly home: string,
    private readonly builder: RunningController,
  ) {}

  static async start(): Promise<TestCli> {
    const home = await mkdtemp(join(tmpdir(), 'kf-cli-'));
    let cli: TestCli | undefined;
    const server = await startServer({ logs: fakeLogs(() => cli!), sources: fakeSources(() => cli!) });
    const client = server.client as Client;
    const world = new World(client, client);
    const builder = startFakeBuilder(client, () => cli!);
    cli = new TestCli(server, world, home, builder);
    await client.create(Space, { metadata: { name: 'dev' }, spec: {} });
    await world.until(Space, { name: 'dev' }, isFinal);
    return cli;
  }

  start(argv: readonly string[], { cwd = this.home, env = {}, colour = false }: RunOptions = {}): Running {
    const running = new Running();
    const { url, ca, token } = this.server;
    running.finished = run(argv, {
      io: { ...running.io, colour },
      env: { HOME: this.home, KF_HOME: join(this.home, 'kf'), ...env },
      cwd,
      clock: systemClock,
      connect: async () =>
        this.#breaking(new HttpClient({ server: this.offline ? 'https://127.0.0.1:1' : url, ca, token })),
      contextName: async (choice) => (choice.kind === 'kubeconfig' && choice.context) || 'kf',
    }).then((code) => ({ code, stdout: running.stdout, stderr: running.stderr }));
    return running;
  }

  #breaking(client: HttpClient): HttpClient {
    const upload: HttpClient['upload'] = client.upload.bind(client);
    client.upload = async (ref, content, length) => {
      if (this.brokenUploads.count === 0) return upload(ref, content, length);
      this.brokenUploads.count--;
      if (this.brokenUploads.when === 'after') await upload(ref, content, length);
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    };
    return client;
  }

  run(...argv: readonly string[]): Promise<Finished> {
    return this.start(argv).finished;
  }

  /** As run, for commands that must succeed. */
  async ok(...argv: readonly string[]): Promise<Finished> {
    const finished = await this.run(...argv);
    if (finished.code !== 0) throw new Error(`kf ${argv.join(' ')}: ${finished.code}\n${finished.stderr}`);
    return finished;
  }

  /** A folder with these files. */
  async source(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await mkdtemp(join(this.home, 'src-'));
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return folder;
  }

  async close(): Promise<void> {
    await this.builder.stop();
    await this.world.stop();
    await this.server.close();
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Ends a followed log once its owner has ended. */
const fakeLogs = (cli: () => TestCli): LogSource => ({
  async *read(query: LogQuery) {
    const text = cli().logs.get(query.owner) ?? cli().logs.get('*') ?? 'hello\n';
    const lines = text.split(/(?<=\n)/);
    const wanted = query.tailLines === undefined ? lines : lines.slice(-query.tailLines);
    cli().queries.push(query);
    const stamped = wanted.map((line, index) =>
      query.timestamps ? `2026-01-01T00:00:00.${String(index).padStart(9, '0')}Z ${line}` : line,
    );
    const content = Buffer.from(stamped.join(''));
    // Cut in the middle of a line, as logs are.
    const cut = Math.ceil(content.length / 2);
    yield content.subarray(0, cut);
    await new Promise(setImmediate);
    yield content.subarray(cut);
    if (!query.follow || query.ended === undefined) return;
    await new Promise<void>((resolve) => {
      if (query.ended!.aborted || query.signal?.aborted) return resolve();
      query.ended!.addEventListener('abort', () => resolve(), { once: true });
      query.signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  },
});

const fakeSources = (cli: () => TestCli): SourceSink => ({
  async receive(body, { sha256 }) {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk);
    cli().sources.set(sha256, Buffer.concat(chunks));
    return { image: `source://sha256:${sha256}` };
  },
  has: async (sha256) => cli().sources.has(sha256),
});

/** Every Build succeeds at once, with a start command found in the source, unless the App is to fail. */
function startFakeBuilder(client: Client, cli: () => TestCli): RunningController {
  return startController({
    name: 'fake-builder',
    client,
    clock: systemClock,
    watches: [itself(Build)],
    reconcile: async (ref) => {
      const build = await getIfExists(client, Build, ref);
      if (build === undefined || isFinal(build)) return;
      const app = build.metadata.labels?.['app.kubernetes.io/name'] ?? '';
      const failure = cli().buildFailures.get(app);
      const condition =
        failure === undefined
          ? ({ type: 'Succeeded', status: 'True' } as const)
          : ({ type: 'Succeeded', status: 'False', reason: 'BuildFailed', message: failure } as const);
      await client.updateStatus(Build, {
        ...build,
        status: {
          conditions: [condition],
          ...(failure === undefined
            ? { image: `kf.local/dev/${build.metadata.name}`, startCommand: 'from the source; exit 0' }
            : {}),
        },
      });
    },
  });
}
