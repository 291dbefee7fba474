/** Builds of Dockerfiles. */

import { lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { buildParams, noCacheParam, paramOf } from '../../resources/kf/build.ts';
import type { UploadedBuild } from '../builder.ts';
import { UnbuildableSourceError } from '../detect.ts';
import type { Want } from './base-fetches.ts';
import { baseImages } from './base-images.ts';
import type { BuildMethod } from './build-method.ts';
import { containersConfig } from './containers-config.ts';
import { dockerfileOutput, dockerfileRecipe } from './dockerfile.ts';
import type { ImageBench } from './image-bench.ts';
import type { Places, Recipe } from './recipe.ts';

export class DockerfileMethod implements BuildMethod {
  readonly inSandbox = true;
  readonly cacheSuffix = '';
  readonly #bench: ImageBench;

  constructor(bench: ImageBench) {
    this.#bench = bench;
  }

  async wants(uploaded: UploadedBuild): Promise<readonly Want[]> {
    return (await basesOf(uploaded)).map((ref, index) => ({
      ref,
      file: String(index),
      fetch: (target, how) => this.#bench.provide(ref, target, how),
    }));
  }

  async ready(_: UploadedBuild, { bases }: Places): Promise<void> {
    await mkdir(bases, { recursive: true });
    for (const [name, text] of Object.entries(containersConfig)) await writeFile(join(bases, name), text);
  }

  async recipe(uploaded: UploadedBuild, places: Places): Promise<Recipe> {
    const { spec } = uploaded.build;
    const { stack, runtime } = this.#bench;
    const build = {
      dockerfile: dockerfileOf(uploaded),
      bases: await basesOf(uploaded),
      buildArgs: spec.env ?? [],
      takesCache: paramOf(spec, noCacheParam) !== 'true',
    };
    return dockerfileRecipe({ ...build, stack, runtime }, places);
  }

  output(): string {
    return dockerfileOutput;
  }
}

const dockerfileOf = ({ build }: UploadedBuild): string =>
  normalize(paramOf(build.spec, buildParams.dockerfile) || 'Dockerfile');

async function basesOf(uploaded: UploadedBuild): Promise<readonly string[]> {
  const { build, staging } = uploaded;
  const given = new Map((build.spec.env ?? []).map((one) => [one.name, one.value ?? '']));
  return baseImages(await readInside(staging.app, dockerfileOf(uploaded)), given);
}

const largestDockerfile = 2 ** 20;

/** Kf's message when it is not there. @throws UnbuildableSourceError */
async function readInside(folder: string, path: string): Promise<string> {
  const missing = new UnbuildableSourceError(`the Dockerfile "${path}" couldn't be found under the app root`);
  const real = await realpath(join(folder, path)).catch(() => undefined);
  if (real === undefined || !real.startsWith((await realpath(folder)) + sep)) throw missing;
  const found = await lstat(real);
  if (!found.isFile()) throw missing;
  if (found.size > largestDockerfile) throw new UnbuildableSourceError(`${path} is too large to be a Dockerfile`);
  return readFile(real, 'utf8');
}
