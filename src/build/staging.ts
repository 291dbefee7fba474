/** The working folder of a build: `builds/<uid>/app` holds the source, and what its dependency steps add. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chown, constants, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { BuildPlan, SourceFiles } from './detect.ts';
import { type Owner, unpack } from './unpack.ts';

/** The user of the host stack, as in Cloud Foundry. */
const vcap: Owner = { uid: 2000, gid: 2000 };

/** Where the app's files are in the image. */
export const appFolder = '/home/vcap/app';

const run = promisify(execFile);

export class Staging {
  readonly #root: string;

  constructor(dataDir: string, buildUid: string) {
    this.#root = join(dataDir, 'builds', buildUid);
  }

  /** The unpacked source. */
  get app(): string {
    return join(this.#root, 'app');
  }

  /** Unpacks the source, unless that was finished before. @throws UnsafeSourceError */
  async prepare(tarFile: string): Promise<void> {
    if (await exists(join(this.#root, 'unpacked'))) return;
    await rm(this.#root, { recursive: true, force: true });
    await mkdir(this.app, { recursive: true, mode: 0o755 });
    await chown(this.app, vcap.uid, vcap.gid);
    await unpack(tarFile, this.app, vcap);
    await writeFile(join(this.#root, 'unpacked'), '');
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
    await writeFile(`${path}.new`, JSON.stringify(plan));
    await rename(`${path}.new`, path);
    return plan;
  }

  async #files(): Promise<SourceFiles> {
    const [packageJson, packageLock, requirements, pyproject, procfile] = await Promise.all(
      ['package.json', 'package-lock.json', 'requirements.txt', 'pyproject.toml', 'Procfile'].map((name) =>
        this.#read(name),
      ),
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
      binBuild,
    };
  }

  /** Regular files only: a link would be read outside of the sandbox. */
  async #read(name: string): Promise<string | undefined> {
    const path = join(this.app, name);
    const found = await lstat(path).catch(() => undefined);
    return found?.isFile() === true ? readFile(path, 'utf8') : undefined;
  }

  /** Moves what a step added (`output`, relative to the app) into a folder of its own that is rooted at `/`. */
  async splitOff(output: string): Promise<string> {
    const layer = join(this.#root, `layer-${createHash('sha256').update(output).digest('hex').slice(0, 12)}`);
    const target = join(layer, appFolder, output);
    if (await exists(target)) return layer;
    await this.#makeHome(layer);
    await mkdir(dirname(target), { recursive: true });
    await rename(join(this.app, output), target);
    return layer;
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
    await rm(this.#root, { recursive: true, force: true });
  }

  async #makeHome(layer: string): Promise<void> {
    for (const folder of ['/home/vcap', appFolder]) {
      await mkdir(join(layer, folder), { recursive: true, mode: 0o755 });
      await chown(join(layer, folder), vcap.uid, vcap.gid);
    }
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
