/** Builds of Dockerfiles. */

import { lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { buildParams, noCacheParam, paramOf } from '../../resources/kf/build.ts';
import { labels } from '../../resources/labels.ts';
import type { UploadedBuild } from '../builder.ts';
import { UnbuildableSourceError } from '../detect.ts';
import type { Want } from './base-fetches.ts';
import { baseImages } from './base-images.ts';
import type { BuildMethod } from './build-method.ts';
import { containersConfig } from './containers-config.ts';
import {
  baseLayersFile,
  cachedLayersFile,
  dockerfileOutput,
  dockerfileRecipe,
  serverLayersFile,
} from './dockerfile.ts';
import { instructions } from './dockerfile-instructions.ts';
import { hereDocumentsSince, type ImageFacts, type ImageTools } from './image-tools.ts';
import type { Places, Recipe } from './recipe.ts';

export class DockerfileMethod implements BuildMethod {
  readonly inSandbox = true;
  readonly cacheSuffix = '';
  readonly #tools: ImageTools;

  constructor(imageTools: ImageTools) {
    this.#tools = imageTools;
  }

  async wants(uploaded: UploadedBuild): Promise<readonly Want[]> {
    await this.#refuseUnknown(uploaded);
    return (await basesOf(uploaded)).map((ref, index) => ({
      ref,
      file: factsFile(index),
      fetch: async (target, how) => writeFile(target, JSON.stringify(await this.#tools.inspect(ref, how))),
    }));
  }

  /** What this machine's buildah would take for something else. @throws UnbuildableSourceError */
  async #refuseUnknown(uploaded: UploadedBuild): Promise<void> {
    const path = dockerfileOf(uploaded);
    const found = [...instructions(await textOf(uploaded))].find(({ hasHereDocument }) => hasHereDocument);
    if (found === undefined || (await this.#tools.knowsHereDocuments())) return;
    throw new UnbuildableSourceError(
      `${path}, line ${found.line}: ${found.instruction} has a here-document (<<), which buildah knows from ${hereDocumentsSince} on, and this machine's is older: put the lines into a file of the source and COPY it, or join them with && and \\`,
    );
  }

  /** As OCI layouts, without the layers that earlier builds have brought into the cache. */
  async wantsBeside(uploaded: UploadedBuild, { cache }: Places): Promise<readonly Want[]> {
    const cached = takesCache(uploaded) ? await cachedLayers(cache) : new Set<string>();
    const names = await basesOf(uploaded);
    return (await factsOf(uploaded)).map(({ ref }, index) => ({
      ref: names[index]!,
      file: String(index),
      fetch: (target, how) => this.#tools.provide(ref, target, { ...how, anew: false }, cached),
    }));
  }

  async ready(uploaded: UploadedBuild, { bases }: Places): Promise<void> {
    await mkdir(bases, { recursive: true });
    const { namespace, name, labels: own } = uploaded.build.metadata;
    const ofBases = (await factsOf(uploaded)).flatMap(({ layers }) => layers);
    const ofApp = this.#tools.layersOf(`${namespace}/${own?.[labels.appName] ?? name}`);
    const files = {
      ...containersConfig,
      [baseLayersFile]: lines(ofBases.map(({ digest }) => hex(digest))),
      [serverLayersFile]: lines([...ofBases, ...ofApp].map(({ digest, bytes }) => `${hex(digest)} ${bytes}`)),
    };
    for (const [file, text] of Object.entries(files)) await writeFile(join(bases, file), text);
  }

  async recipe(uploaded: UploadedBuild, places: Places): Promise<Recipe> {
    const { spec } = uploaded.build;
    const { stack, runtime } = this.#tools;
    const build = {
      dockerfile: dockerfileOf(uploaded),
      bases: await basesOf(uploaded),
      buildArgs: spec.env ?? [],
      takesCache: takesCache(uploaded),
    };
    return dockerfileRecipe({ ...build, stack, runtime }, places);
  }

  output(): string {
    return dockerfileOutput;
  }
}

const takesCache = ({ build }: UploadedBuild): boolean => paramOf(build.spec, noCacheParam) !== 'true';

/** Of each base image; in `bases`. */
const factsFile = (index: number): string => `${index}.json`;

async function factsOf(uploaded: UploadedBuild): Promise<readonly ImageFacts[]> {
  const read = async (_: string, index: number): Promise<ImageFacts> =>
    JSON.parse(await readFile(join(uploaded.staging.bases, factsFile(index)), 'utf8')) as ImageFacts;
  return Promise.all((await basesOf(uploaded)).map(read));
}

const mostCached = 2 ** 20;

/** What an earlier build says that it has left there; where that is not true, this one fails, and the next has it all. */
async function cachedLayers(cache: string): Promise<ReadonlySet<string>> {
  const file = join(cache, cachedLayersFile);
  const found = await lstat(file).catch(() => undefined);
  if (found?.isFile() !== true || found.size > mostCached) return new Set();
  const said = (await readFile(file, 'utf8')).split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line));
  return new Set(said.map((digest) => `sha256:${digest}`));
}

const hex = (digest: string): string => digest.replace('sha256:', '');
const lines = (all: readonly string[]): string => [...new Set(all)].map((line) => `${line}\n`).join('');

const dockerfileOf = ({ build }: UploadedBuild): string =>
  normalize(paramOf(build.spec, buildParams.dockerfile) || 'Dockerfile');

async function basesOf(uploaded: UploadedBuild): Promise<readonly string[]> {
  const given = new Map((uploaded.build.spec.env ?? []).map((one) => [one.name, one.value ?? '']));
  return baseImages(await textOf(uploaded), given);
}

const textOf = (uploaded: UploadedBuild): Promise<string> => readInside(uploaded.staging.app, dockerfileOf(uploaded));

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
