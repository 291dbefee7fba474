/**
 * How a source is built by Cloud Native Buildpacks: the phases of the builder's own lifecycle, each as a step of its own,
 * by the platform API (https://github.com/buildpacks/spec/blob/main/platform.md), with images as OCI layouts. Pure.
 */

import { fullReference, parseImageReference } from '../../resources/image-reference.ts';
import { UnbuildableSourceError } from '../detect.ts';
import type { ImageFacts } from './image-tools.ts';
import type { Places, Recipe, RecipeMount } from './recipe.ts';

/** What a builder image says of itself. */
export interface BuilderFacts {
  readonly ref: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** What its images run on. */
  readonly runImage: string;
  readonly platformApi: string;
}

/** Images as OCI layouts came with the first; the last gives layers back out of the cache alone. */
const platformApis = ['0.12', '0.13', '0.14'] as const;

/** Of Platform API; tells that a command has to be run through it. */
export const launcher = '/cnb/lifecycle/launcher';

interface BuilderMetadata {
  readonly stack?: { readonly runImage?: { readonly image?: string } };
  readonly images?: readonly { readonly image?: string }[];
  readonly lifecycle?: { readonly apis?: { readonly platform?: { readonly supported?: readonly string[] } } };
}

/** @param name as it was asked for, for messages. @throws UnbuildableSourceError when it is no builder that we can use */
export function builderFacts(name: string, { ref, env, labels }: ImageFacts): BuilderFacts {
  const refuse = (why: string): never => {
    throw new UnbuildableSourceError(`${name} cannot build: ${why}`);
  };
  const label = labels['io.buildpacks.builder.metadata'];
  if (label === undefined) refuse('it is no builder of Cloud Native Buildpacks');
  let metadata: BuilderMetadata;
  try {
    metadata = JSON.parse(label ?? '') as BuilderMetadata;
  } catch {
    return refuse('its label io.buildpacks.builder.metadata is no JSON');
  }
  const extensions = extensionsOf(labels[orderOfExtensions]);
  if (extensions.length > 0)
    refuse(
      `it has image extensions (${extensions.join(', ')}), which change the images that it builds on by Dockerfiles of their own; they are not run here. Take a builder without, or write a Dockerfile`,
    );
  const runImage = metadata.images?.[0]?.image || metadata.stack?.runImage?.image;
  if (runImage === undefined || runImage === '') return refuse('it does not say on which image its results run');
  return {
    ref,
    runImage,
    user: { uid: idIn(env, 'CNB_USER_ID') ?? refuse(noUser), gid: idIn(env, 'CNB_GROUP_ID') ?? refuse(noUser) },
    platformApi:
      platformApiOf(metadata) ?? refuse(`its lifecycle knows none of the platform APIs ${platformApis.join(', ')}`),
  };
}

/** Label of builders with image extensions. */
const orderOfExtensions = 'io.buildpacks.buildpack.order-extensions';

/** Their identifiers, each once. */
function extensionsOf(label = ''): readonly string[] {
  try {
    const groups = JSON.parse(label) as readonly { readonly group?: readonly { readonly id?: string }[] }[];
    return [...new Set(groups.flatMap(({ group = [] }) => group.map(({ id = '' }) => id)))];
  } catch {
    return [];
  }
}

const noUser = 'it does not say as which user (CNB_USER_ID, CNB_GROUP_ID)';

/** Root must not run what comes from the internet. */
function idIn(env: readonly string[], name: string): number | undefined {
  const value = env.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
}

/** The newest that both know. */
function platformApiOf({ lifecycle }: BuilderMetadata): string | undefined {
  const supported = lifecycle?.apis?.platform?.supported;
  return supported === undefined ? platformApis[0] : platformApis.findLast((api) => supported.includes(api));
}

/** Folders of the cache, as steps see them. */
export const cacheFolders = {
  workspace: '/workspace',
  layers: '/layers',
  cache: '/cache',
  layout: '/layout-repo',
  tmp: '/tmp',
} as const;

/** Within `bases`. */
export const platformFolder = 'platform';

/**
 * The name by which the lifecycle knows an image: without a registry's port, for lifecycles take a layout's path for a
 * reference, in which there may be no colon.
 */
function layoutName(ref: string): string {
  const { domain, ...rest } = parseImageReference(ref);
  return fullReference({ ...rest, domain: domain.replace(':', '-') });
}

/** Where the layout of the image of that name is within the layout folder: as the lifecycle looks for it. */
export function layoutPath(ref: string): string {
  const { domain, path, tag = 'latest', digest } = parseImageReference(layoutName(ref));
  const host = domain === 'docker.io' ? 'index.docker.io' : domain;
  return `${host}/${path}/${digest === undefined ? tag : digest.replace(':', '/')}`;
}

export interface BuildpackBuild {
  readonly builder: BuilderFacts;
  /** Under which name the image is exported. */
  readonly image: string;
}

/** Words of each phase's command, after the lifecycle's own options in the environment. */
const phases = [
  { name: 'analyze', program: 'analyzer', namesImage: true },
  { name: 'detect', program: 'detector', namesImage: false },
  { name: 'restore', program: 'restorer', namesImage: false },
  { name: 'build', program: 'builder', namesImage: false },
  { name: 'export', program: 'exporter', namesImage: true },
] as const;

export function buildpackRecipe({ builder, image }: BuildpackBuild, { bases, cache }: Places): Recipe {
  const mounts: readonly RecipeMount[] = [
    ...Object.entries(cacheFolders).map(([folder, path]) => ({ folder, path })),
    { folder: platformFolder, path: '/platform', readOnly: true },
  ];
  const env = {
    CNB_PLATFORM_API: builder.platformApi,
    // Layouts count as an experiment of the lifecycle.
    CNB_EXPERIMENTAL_MODE: 'quiet',
    CNB_USE_LAYOUT: 'true',
    CNB_LAYOUT_DIR: cacheFolders.layout,
    CNB_APP_DIR: cacheFolders.workspace,
    CNB_LAYERS_DIR: cacheFolders.layers,
    CNB_CACHE_DIR: cacheFolders.cache,
    CNB_PLATFORM_DIR: '/platform',
    CNB_RUN_IMAGE: layoutName(builder.runImage),
    CNB_NO_COLOR: 'true',
  };
  return {
    folders: {
      ...Object.fromEntries(Object.keys(cacheFolders).map((folder) => [folder, `${cache}/${folder}`])),
      [platformFolder]: `${bases}/${platformFolder}`,
    },
    steps: phases.map(({ name, program, namesImage }) => ({
      name,
      image: builder.ref,
      user: builder.user,
      command: [`/cnb/lifecycle/${program}`, ...(namesImage ? [image] : [])],
      env,
      mounts,
    })),
  };
}

/** What exit codes of the lifecycle mean. */
const meanings: Readonly<Record<number, string>> = {
  11: 'its lifecycle does not know this platform API',
  12: 'one of its buildpacks needs a newer lifecycle',
  20: 'none of its buildpacks takes this source',
  21: 'none of its buildpacks takes this source, and one of them failed to look',
  51: 'a buildpack failed',
};

/** @param message of the failed step */
export function explainPhase(message: string, builder: string): string | undefined {
  const [, step, code] = /^"step-(\w+)" exited with code (\d+)/.exec(message) ?? [];
  const meaning = meanings[Number(code)];
  return meaning === undefined ? undefined : `${builder}: ${meaning} (${step} exited with code ${code})`;
}
