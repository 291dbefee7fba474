/** Builds by Cloud Native Buildpacks. */

import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { exists } from '../../files/exists.ts';
import { buildParams, noCacheParam, paramOf } from '../../resources/kf/build.ts';
import { labels } from '../../resources/labels.ts';
import type { UploadedBuild } from '../builder.ts';
import { removeTree } from '../remove-tree.ts';
import type { Want } from './base-fetches.ts';
import type { BuildMethod } from './build-method.ts';
import {
  type BuilderFacts,
  builderFacts,
  buildpackRecipe,
  cacheFolders,
  explainPhase,
  launcher,
  layoutPath,
  platformFolder,
} from './buildpack.ts';
import type { ImageFacts, ImageTools } from './image-tools.ts';
import type { Places, Recipe } from './recipe.ts';

const run = promisify(execFile);

/** Names within the Build's own folder. */
export const factsFile = 'builder.json';
const runImage = 'run';

export class BuildpackMethod implements BuildMethod {
  /** Its folders have other owners than those of Dockerfiles. */
  readonly inSandbox = false;
  readonly cacheSuffix = '-cnb';
  /** The server alone makes the folders in it: what a build writes is below one of them. */
  readonly cacheOwner = 0;
  readonly #tools: ImageTools;

  constructor(imageTools: ImageTools) {
    this.#tools = imageTools;
  }

  async wants(uploaded: UploadedBuild): Promise<readonly Want[]> {
    const builder: Want = {
      ref: builderOf(uploaded),
      file: factsFile,
      fetch: async (target, how) => writeFile(target, JSON.stringify(await this.#tools.inspect(builder.ref, how))),
    };
    if (!(await exists(join(uploaded.staging.bases, factsFile)))) return [builder];
    const { runImage: ref } = await factsOf(uploaded);
    return [{ ref, file: runImage, fetch: (target, how) => this.#tools.provide(ref, target, how) }];
  }

  /** Nothing that an earlier build has written is gone through here: only its folders are taken away whole. */
  async ready(uploaded: UploadedBuild, { source, bases, cache }: Places): Promise<void> {
    const { runImage: ref, user } = await factsOf(uploaded);
    const { spec } = uploaded.build;
    const kept = paramOf(spec, noCacheParam) === 'true' ? [] : ['cache'];
    for (const folder of Object.keys(cacheFolders)) {
      const path = join(cache, folder);
      if (!kept.includes(folder)) await removeTree(path);
      await mkdir(path, { recursive: true, mode: 0o755 });
      await chown(path, user.uid, user.gid);
      await chmod(path, folder === 'tmp' ? 0o1777 : 0o755);
    }
    const layout = join(cache, 'layout', layoutPath(ref));
    await mkdir(dirname(layout), { recursive: true });
    await run('cp', ['-r', '--', join(bases, runImage), layout]);
    await run('cp', ['-a', '--', `${source}/.`, join(cache, 'workspace')]);
    for (const folder of ['layout', 'workspace'])
      await run('chown', ['-RhP', `${user.uid}:${user.gid}`, '--', join(cache, folder)]);
    await this.#writePlatform(join(bases, platformFolder), spec.env ?? []);
  }

  /** `/platform/env/NAME` holds the value of each of the Build's variables. */
  async #writePlatform(
    folder: string,
    variables: readonly { readonly name: string; readonly value?: string }[],
  ): Promise<void> {
    const env = join(folder, 'env');
    await mkdir(env, { recursive: true });
    for (const path of [folder, env]) await chmod(path, 0o755);
    for (const { name, value = '' } of variables)
      if (/^[A-Za-z_]\w*$/.test(name)) {
        await writeFile(join(env, name), value);
        await chmod(join(env, name), 0o644);
      }
  }

  async recipe(uploaded: UploadedBuild, places: Places): Promise<Recipe> {
    return buildpackRecipe({ builder: await factsOf(uploaded), image: imageOf(uploaded) }, places);
  }

  output(uploaded: UploadedBuild): string {
    return join('layout', layoutPath(imageOf(uploaded)));
  }

  async outcome(
    uploaded: UploadedBuild,
  ): Promise<{ readonly stack: { readonly name: string; readonly launcher: string } }> {
    return { stack: { name: builderOf(uploaded), launcher } };
  }

  explain(message: string, uploaded: UploadedBuild): string | undefined {
    return explainPhase(message, builderOf(uploaded));
  }
}

const builderOf = ({ build }: UploadedBuild): string => paramOf(build.spec, buildParams.builderImage) ?? '';

const imageOf = ({ build: { metadata } }: UploadedBuild): string =>
  `kf.local/${metadata.namespace}/${metadata.labels?.[labels.appName] ?? metadata.name}`;

async function factsOf(uploaded: UploadedBuild): Promise<BuilderFacts> {
  const text = await readFile(join(uploaded.staging.bases, factsFile), 'utf8');
  return builderFacts(builderOf(uploaded), JSON.parse(text) as ImageFacts);
}
