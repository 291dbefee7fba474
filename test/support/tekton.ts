/** What tests of Tekton's runs share: a server with images of its own, runs that are followed to their end. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpClient } from '../../src/client/http/http-client.ts';
import { isFinal } from '../../src/resources/condition.ts';
import { Namespace } from '../../src/resources/core/kinds.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { Kf } from './kf.ts';
import { makeImage, wholeBusybox } from './oci-image.ts';
import { Registry } from './registry.ts';
import { makeSmallBase } from './small-base.ts';

/** Programs of this machine that stand for those of a distribution's image. */
const programs = ['bash', 'sh', 'cat', 'env', 'find', 'id', 'ls', 'mkdir', 'sleep', 'tar', 'touch', 'wc'];
const path = 'PATH=/usr/local/bin:/usr/bin:/bin';

/** Of a `busybox` that no registry has: an alias stands for it. */
const goneDigest = `sha256:${'0'.repeat(64)}`;

export class TektonServer {
  /** Digest of the image that `busybox` means. */
  readonly busybox: string;
  readonly kf: Kf;
  readonly client: HttpClient;
  readonly #registry: Registry;
  #namespaces = 0;

  private constructor(kf: Kf, client: HttpClient, registry: Registry, busybox: string) {
    this.kf = kf;
    this.client = client;
    this.#registry = registry;
    this.busybox = busybox;
  }

  /** With the images `busybox` and `ubuntu`, small ones. */
  static async start(): Promise<TektonServer> {
    const kf = await Kf.create();
    const registry = await Registry.start();
    try {
      const busybox = await pushImages(registry);
      await kf.ok('server', 'start');
      const { host } = registry;
      const aliases = [
        ...['busybox', 'ubuntu'].map((name) => `${name}:latest=${host}/${name}:1`),
        `busybox@${goneDigest}=${host}/busybox:1`,
        `busybox=${host}/busybox`,
      ];
      await kf.ok('configure-server', 'set', 'images.aliases', ...aliases);
      return new TektonServer(kf, await kf.client(), registry, busybox);
    } catch (error) {
      await kf.remove();
      await registry.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.kf.remove();
    await this.#registry.stop();
  }

  get kubeconfig(): string {
    return join(this.kf.dataDir, 'kubeconfig');
  }

  /** A fresh namespace. */
  async namespace(): Promise<string> {
    const name = `tekton-${this.#namespaces++}`;
    await this.client.create(Namespace, { metadata: { name } });
    return name;
  }

  /** Makes a TaskRun and follows it to its end. */
  async taskRun(spec: object): Promise<TaskRun> {
    return this.ended(TaskRun, await this.#create(TaskRun, spec));
  }

  /** Makes a PipelineRun and follows it to its end. */
  async pipelineRun(spec: object): Promise<PipelineRun> {
    return this.ended(PipelineRun as never, await this.#create(PipelineRun as never, spec)) as never;
  }

  async #create(kind: typeof TaskRun, spec: object): Promise<TaskRun> {
    const metadata = { generateName: 'run-', namespace: await this.namespace() };
    return this.client.create(kind, { metadata, spec: spec as TaskRun['spec'] });
  }

  ended = (kind: typeof TaskRun, run: TaskRun): Promise<TaskRun> => this.until(kind, run, isFinal);

  /** A run once something holds for it. */
  async until<T extends TaskRun>(kind: typeof TaskRun, { metadata }: T, holds: (run: T) => boolean): Promise<T> {
    const { namespace, name } = metadata;
    for (;;) {
      const run = (await this.client.get(kind, { namespace: namespace!, name })) as T;
      if (holds(run)) return run;
      const { resourceVersion } = run.metadata;
      const options = {
        namespace: namespace!,
        fieldSelector: `metadata.name=${name}`,
        resourceVersion: resourceVersion!,
      };
      for await (const { object } of this.client.watch(kind, options)) if (holds(object as T)) return object as T;
    }
  }
}

/** @returns the digest of `busybox` */
async function pushImages(registry: Registry): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'kf-tekton-'));
  try {
    const busybox = await makeImage(join(work, 'busybox'), {
      layers: [wholeBusybox()],
      config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    });
    makeSmallBase(join(work, 'root'), programs);
    const tar = execFileSync('tar', ['-C', join(work, 'root'), '-c', '.'], { maxBuffer: 2 ** 28 });
    await makeImage(join(work, 'ubuntu'), {
      layers: [tar, { '/tmp': { folder: true, mode: 0o1777 } }],
      config: { Cmd: ['bash'], Env: [path] },
    });
    for (const name of ['busybox', 'ubuntu']) registry.push(join(work, name), `${name}:1`);
    return busybox;
  } finally {
    rmSync(work, { recursive: true });
  }
}
