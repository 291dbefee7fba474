/** Brings images from registries and archives into the storage: each once at a time, with a sign of life. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../client/clock.ts';
import { Semaphore } from '../../client/semaphore.ts';
import {
  fullReference,
  type ImageReference,
  isLoopback,
  ownRegistry,
  withDigest,
} from '../../resources/image-reference.ts';
import type { ImageSettings } from '../../resources/image-settings.ts';
import { formatBytes } from '../../resources/quantity.ts';
import { defaultReserve } from '../disk/reserve.ts';
import { type ContainerStorage, pullPrefix, type UsableImage } from './container-storage.ts';
import { PullError, pullErrorOf } from './pull-error.ts';

export interface ImagePullerOptions {
  readonly storage: ContainerStorage;
  readonly clock: Clock;
  readonly settings: () => Promise<ImageSettings>;
  /** Bytes that stay free on the disk. Default: 5 %, at least 1 GiB. */
  readonly reserveBytes?: number;
  /** Milliseconds without a byte after which a pull is given up. Default: one minute. */
  readonly patience?: number;
  /** Pulls at a time. Default: 3. */
  readonly concurrency?: number;
}

export interface PullOptions {
  /** Text of a `.dockerconfigjson`. */
  readonly credentials?: string;
  /** Called about once a second, with the bytes that have come. */
  readonly onProgress?: (bytes: number) => void;
}

export interface PulledImage {
  /** Names the image by its content: `docker.io/library/debian@sha256:…`. */
  readonly ref: string;
  readonly image: UsableImage;
}

/** Milliseconds between two looks at how far a pull is. */
const interval = 1000;

interface Copy {
  /** As skopeo names it, after its options. */
  readonly from: readonly string[];
  /** Under which it is kept. */
  readonly name: string;
  /** What a registry is asked for. */
  readonly reference?: ImageReference;
}

interface Running {
  readonly result: Promise<UsableImage>;
  readonly listeners: Set<(bytes: number) => void>;
}

export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #running = new Map<string, Running>();
  readonly #room: Semaphore;
  readonly #stop = new AbortController();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
    this.#room = new Semaphore(options.concurrency ?? 3);
  }

  /** Ends and removes what a server that was killed left. */
  async open(): Promise<void> {
    for (const pid of processesWith((word) => word.startsWith(join(this.#folder, pullPrefix)))) kill(pid);
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Pulls that run are given up. */
  close(): void {
    this.#stop.abort();
  }

  /** From its registry, also when it is here already: a tag may have moved. @throws PullError, ImageToolsMissing */
  async pull(reference: ImageReference, options: PullOptions = {}): Promise<PulledImage> {
    if (reference.domain === ownRegistry) throw new PullError('no registry has images of this server', 'fact');
    const name = fullReference(reference);
    const verify = await this.#verifies(reference);
    const image = await this.#shared(`${name} ${options.credentials ?? ''}`, options, (folder, progress) => {
      const authFile = join(folder, 'auth.json');
      writeFileSync(authFile, options.credentials ?? '{}', { mode: 0o600 });
      const from = ['--src-authfile', authFile, ...verify, `docker://${name}`];
      return this.#copy(folder, { from, name, reference }, progress);
    });
    return { ref: withDigest(reference, image.digests[0]!), image };
  }

  /**
   * Out of a file on this machine.
   * @param source as skopeo names it: `oci-archive:PATH`, `docker-archive:PATH:NAME`
   * @param repository under which it is kept: `space/app`
   * @throws PullError, ImageToolsMissing
   */
  async load(source: string, repository: string, options: PullOptions = {}): Promise<PulledImage> {
    const name = `${ownRegistry}/${repository}:latest`;
    const image = await this.#shared(`${source} ${name}`, options, (folder, progress) =>
      this.#copy(folder, { from: [source], name }, progress).catch((error: unknown) => {
        // The same file stays what it is.
        if (error instanceof PullError && error.kind === 'damaged')
          throw new PullError(`the image's file is damaged: ${error.said}`, 'fact');
        throw error;
      }),
    );
    return { ref: `${ownRegistry}/${repository}@${image.digests[0]}`, image };
  }

  get #folder(): string {
    return this.#options.storage.pulls;
  }

  async #verifies({ domain }: ImageReference): Promise<readonly string[]> {
    const { registries } = await this.#options.settings();
    const isSet = registries.some(({ prefix }) => prefix === domain || prefix.startsWith(`${domain}/`));
    return isLoopback(domain) && !isSet ? ['--src-tls-verify=false'] : [];
  }

  #shared(
    key: string,
    { onProgress }: PullOptions,
    copy: (folder: string, progress: Running['listeners']) => Promise<UsableImage>,
  ): Promise<UsableImage> {
    let running = this.#running.get(key);
    if (running === undefined) {
      const listeners: Running['listeners'] = new Set();
      const result = this.#room
        .run(() => this.#inFolder((folder) => copy(folder, listeners)))
        .finally(() => this.#running.delete(key));
      running = { result, listeners };
      this.#running.set(key, running);
    }
    const { listeners, result } = running;
    if (onProgress === undefined) return result;
    listeners.add(onProgress);
    return result.finally(() => listeners.delete(onProgress));
  }

  async #inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    await this.#checkRoom();
    const folder = mkdtempSync(join(this.#folder, pullPrefix));
    try {
      return await work(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #copy(folder: string, { from, name, reference }: Copy, listeners: Running['listeners']): Promise<UsableImage> {
    const { storage } = this.#options;
    await storage.mend();
    const args = ['--tmpdir', folder, 'copy', '--quiet', ...from, `containers-storage:${name}`];
    const where = { folder, from: reference === undefined ? "the image's file" : `registry ${reference.domain}` };
    try {
      await this.#attended(where, listeners, (signal) => storage.skopeo(args, { signal }));
    } catch (error) {
      // Some kernels and file systems do without overlays; where nothing is kept yet, another driver does.
      if (/overlay.*(not supported|is required)|driver not supported/i.test(String(error)) && (await storage.useVfs()))
        await this.#attended(where, listeners, (signal) => storage.skopeo(args, { signal }));
      else throw pullErrorOf(error, reference);
    }
    return storage.keep(name);
  }

  /** Runs a copy for as long as bytes come and the disk has room. @throws PullError */
  async #attended(
    { folder, from }: { readonly folder: string; readonly from: string },
    listeners: Running['listeners'],
    run: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const { clock, patience = 60_000 } = this.#options;
    const given = new AbortController();
    let total = 0;
    let bytes = 0;
    let done = 0;
    let pid: number | undefined;
    let since = clock.now();
    let timer: Timer;
    const look = async (): Promise<void> => {
      const now = bytesIn(folder);
      // A blob that was taken over is removed: what came is what was added.
      total += Math.max(0, now - bytes);
      bytes = now;
      for (const tell of listeners) tell(total);
      await this.#checkRoom().catch((error: unknown) => given.abort(error));
      // Also while skopeo unpacks and prints nothing.
      pid ??= processesWith((word) => word === folder)[0];
      const read = pid === undefined ? 0 : bytesRead(pid);
      if (read !== done) since = clock.now();
      done = read;
      if (clock.now() - since >= patience)
        given.abort(new PullError(`${from} sent nothing for ${patience / 1000} s`, 'passing'));
    };
    const lookLater = (): Timer =>
      clock.after(interval, () => {
        if (given.signal.aborted) return;
        // What goes while it is being looked at, folders of the copying program, is no fault: the next look tells.
        look()
          .catch(() => {})
          .finally(() => {
            if (!given.signal.aborted) timer = lookLater();
          });
      });
    timer = lookLater();
    try {
      await run(AbortSignal.any([given.signal, this.#stop.signal]));
    } catch (error) {
      throw given.signal.aborted ? given.signal.reason : error;
    } finally {
      given.abort();
      timer.cancel();
    }
  }

  /** @throws PullError */
  async #checkRoom(): Promise<void> {
    const { storage, reserveBytes } = this.#options;
    const { bsize, blocks, bavail } = await statfs(storage.folders.graphRoot);
    const reserve = reserveBytes ?? defaultReserve(blocks * bsize);
    if (bavail * bsize < reserve)
      throw new PullError(
        `the disk has ${formatBytes(bavail * bsize)} left, ${formatBytes(reserve)} are kept free`,
        'passing',
      );
  }
}

/** Programs that have such a word on their command line. */
function processesWith(matches: (word: string) => boolean): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => textOf(`/proc/${pid}/cmdline`).split('\0').some(matches)).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** What a process has read of sockets and files. */
const bytesRead = (pid: number): number => Number(/^rchar: (\d+)$/m.exec(textOf(`/proc/${pid}/io`))?.[1] ?? 0);

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}

/** Bytes of the files that are being written there. */
function bytesIn(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) sum += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  return sum;
}
