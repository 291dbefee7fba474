/** The working folder of a build: `builds/<uid>/app` holds the source, and what its dependency steps add. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chown, constants, lstat, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { exists } from '../files/exists.ts';
import { type BuildPlan, type SourceFiles, UnbuildableSourceError } from './detect.ts';
import { removeTree } from './remove-tree.ts';
import { type Owner, unpack } from './unpack.ts';

/** The user of the host stack, as in Cloud Foundry. */
const vcap: Owner = { uid: 2000, gid: 2000 };

/** Where the app's files are in the image. */
export const appFolder = '/home/vcap/app';

const run = promisify(execFile);

/** Bytes of a file that is read to make the plan. */
const largestFile = 64 * 2 ** 20;

export class Staging {
  readonly #root: string;
  readonly #bootId: string;

  /** @param bootId names this boot of the machine */
  constructor(dataDir: string, buildUid: string, bootId: string) {
    this.#root = join(dataDir, 'builds', buildUid);
    this.#bootId = bootId;
  }

  /** The unpacked source. */
  get app(): string {
    return join(this.#root, 'app');
  }

  /** Images that the build starts from. */
  get bases(): string {
    return join(this.#root, 'bases');
  }

  /** Whether the folder is there, and holds what was written to it: after a power cut files may be shorter or empty. */
  async isTrusted(): Promise<boolean> {
    const boot = await readFile(join(this.#root, 'unpacked'), 'utf8').catch(() => undefined);
    return boot === this.#bootId;
  }

  /** Has the build begin again, from the source package. */
  async distrust(): Promise<void> {
    await rm(join(this.#root, 'unpacked'), { force: true });
  }

  /** Unpacks the source, unless that was finished before. @throws UnsafeSourceError */
  async prepare(tarFile: string): Promise<void> {
    if (await this.isTrusted()) return;
    await removeTree(this.#root);
    await mkdir(this.app, { recursive: true, mode: 0o755 });
    await chown(this.app, vcap.uid, vcap.gid);
    await unpack(tarFile, this.app, vcap);
    await writeFile(join(this.#root, 'unpacked'), this.#bootId);
  }

  /**
   * The plan that `make` finds for the source; found once, because finishing a build takes the source apart
   * and a crash in the middle must go on with the same plan.
   */
  async plan(make: (files: SourceFiles) => BuildPlan): Promise<BuildPlan> {
    const path = join(this.#root, 'plan.json');
    const known = await readFile(path, 'utf8').catch(() => undefined);
    if (known !== undefined) return JSON.parse(known) as BuildPlan;
    const plan = make(await this.#files());
    const file = await open(`${path}.new`, 'w');
    try {
      await file.writeFile(JSON.stringify(plan));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    return plan;
  }

  async #files(): Promise<SourceFiles> {
    const names = ['package.json', 'package-lock.json', 'requirements.txt', 'pyproject.toml', 'Procfile', '.npmrc'];
    const [packageJson, packageLock, requirements, pyproject, procfile, npmrc] = await Promise.all(
      names.map((name) => this.#read(name)),
    );
    const binBuild = await access(join(this.app, 'bin/build'), constants.X_OK).then(
      () => true,
      () => false,
    );
    return {
      ...(packageJson === undefined ? {} : { packageJson }),
      ...(packageLock === undefined ? {} : { packageLock }),
      ...(requirements === undefined ? {} : { requirements }),
      ...(pyproject === undefined ? {} : { pyproject }),
      ...(procfile === undefined ? {} : { procfile }),
      ...(npmrc === undefined ? {} : { npmrc }),
      binBuild,
    };
  }

  /** Regular files only: a link would be read outside of the sandbox. */
  async #read(name: string): Promise<string | undefined> {
    const path = join(this.app, name);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isFile() !== true) return undefined;
    if (found.size > largestFile) throw new UnbuildableSourceError(`${name} is too large to be what its name says`);
    return readFile(path, 'utf8');
  }

  /**
   * Moves what a step added (`output`, relative to the app) into a folder of its own that is rooted at `/`; an empty one
   * when it added nothing, as npm without dependencies does.
   */
  async splitOff(output: string): Promise<string> {
    const layer = join(this.#root, `layer-${createHash('sha256').update(output).digest('hex').slice(0, 12)}`);
    const target = join(layer, appFolder, output);
    if (await exists(target)) return layer;
    await this.#makeHome(layer);
    await mkdir(dirname(target), { recursive: true });
    const made = join(this.app, output);
    if (await exists(made)) await rename(made, target);
    return layer;
  }

  /** Removes from the source what a layer brings: two states of it must not mix. */
  async discard(output: string): Promise<void> {
    await removeTree(join(this.app, output));
  }

  /** The rest of the app's folder, rooted at `/`. */
  async sourceLayer(): Promise<string> {
    const layer = join(this.#root, 'layer-source');
    const target = join(layer, appFolder);
    if (!(await exists(this.app))) return layer;
    await this.#makeHome(layer);
    // rename replaces the empty folder, in one step: a crash leaves either the one or the other.
    await rename(this.app, target);
    return layer;
  }

  /** Flushes the working folder's file system, so that a layer that is named is a layer that is there. */
  async flush(): Promise<void> {
    await run('sync', ['--file-system', this.#root]);
  }

  async remove(): Promise<void> {
    await removeTree(this.#root);
  }

  async #makeHome(layer: string): Promise<void> {
    for (const folder of ['/home/vcap', appFolder]) {
      await mkdir(join(layer, folder), { recursive: true, mode: 0o755 });
      await chown(join(layer, folder), vcap.uid, vcap.gid);
    }
  }
}
