/** What a push shall make: manifest and flags together. */

import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { errorCode, errorMessage } from '../../resources/errors.ts';
import { CliError } from '../errors.ts';
import { objectName, type Variable } from '../flags.ts';
import { parseYaml } from '../parse-yaml.ts';
import { unreadable } from '../unreadable.ts';
import { type BuildRecipe, buildRecipeOf } from './build-type.ts';
import { type ImageSource, imageSourceOf } from './image-source.ts';
import { type Manifest, type ManifestApp, type ManifestService, parseManifest } from './manifest.ts';
import type { Values } from './manifest-variables.ts';
import { flagsWithoutEffect, type IdleFlags } from './without-effect.ts';

export interface PushFlags extends IdleFlags {
  readonly task?: boolean;
  readonly path?: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly entrypoint?: string;
  readonly env?: readonly Variable[];
  readonly memoryLimit?: string;
  readonly diskQuota?: string;
  readonly cpuCores?: string;
  readonly stack?: string;
  readonly manifest?: string | false;
  readonly var?: readonly Variable[];
  readonly varsFile?: readonly string[];
  readonly appSuffix?: string;
  readonly dockerImage?: string;
  readonly dockerUsername?: string;
  readonly dockerfile?: string;
  readonly buildArg?: readonly Variable[];
  readonly buildpack?: string;
}

/** One App to push. Sizes are quantities; what is absent stays as it is, or becomes the default. */
export interface AppPlan {
  readonly name: string;
  readonly folder: string;
  readonly task: boolean;
  readonly build: BuildRecipe;
  /** Taken as it is, instead of a source. */
  readonly image?: ImageSource;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly entrypoint?: string;
  readonly env: readonly Variable[];
  readonly memory?: string;
  readonly disk?: string;
  readonly cpu?: string;
  readonly cpuLimit?: string;
  /** To be bound to, beside those that the App is bound to already. */
  readonly services?: readonly ManifestService[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PushPlan {
  readonly apps: readonly AppPlan[];
  readonly warnings: readonly string[];
}

/** @throws CliError */
export async function planPush(cwd: string, name: string | undefined, flags: PushFlags): Promise<PushPlan> {
  refuseUnsupported(flags);
  const values = await variables(cwd, flags);
  const found = await findManifest(cwd, flags, values);
  const chosen = chooseApps(found?.manifest, name);
  if (found !== undefined && name === undefined) refuseNameless(chosen, found.name);
  const folder = found === undefined ? cwd : dirname(found.file);
  const apps = chosen.map((app) => planApp(cwd, folder, app, flags));
  const idle = [...(found?.manifest.withoutEffect ?? []), ...flagsWithoutEffect(flags)];
  const warnings = [...(found?.manifest.warnings ?? [])];
  if (idle.length > 0) warnings.push(`Of no effect on an App that runs tasks only: ${idle.join(', ')}`);
  return { apps, warnings };
}

function refuseUnsupported(flags: PushFlags): void {
  const { dockerImage, path, buildpack, command, args, entrypoint } = flags;
  if (dockerImage !== undefined && buildpack !== undefined)
    throw new CliError('cannot use buildpack and docker image simultaneously');
  if (dockerImage !== undefined && path !== undefined)
    throw new CliError('cannot use path and docker image simultaneously');
  if (buildpack !== undefined)
    throw new CliError(
      '-b, --buildpack: buildpacks are not supported yet one by one; those of a builder are: -s IMAGE:TAG',
    );
  if (command !== undefined && args !== undefined) throw new CliError('-c and --args cannot be combined');
  if (command !== undefined && entrypoint !== undefined) throw new CliError('-c and --entrypoint cannot be combined');
}

interface FoundManifest {
  readonly file: string;
  /** As it was typed. */
  readonly name: string;
  readonly manifest: Manifest;
}

async function findManifest(cwd: string, flags: PushFlags, values: Values): Promise<FoundManifest | undefined> {
  if (flags.manifest === false) return undefined;
  const names = typeof flags.manifest === 'string' ? [flags.manifest] : ['manifest.yml', 'manifest.yaml'];
  for (const name of names) {
    const file = resolve(cwd, name);
    const text = readText(file, typeof flags.manifest === 'string' ? `-f, --manifest` : undefined);
    if (text !== undefined) return { file, name, manifest: await parseManifest(text, name, values) };
  }
  return undefined;
}

/** @param flag names the flag by which the file was asked for; without one it may be missing */
function readText(file: string, flag: string | undefined): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (flag === undefined && errorCode(error) === 'ENOENT') return undefined;
    throw new CliError(`${flag ?? 'manifest'}: ${unreadable(file, error)}`);
  }
}

async function variables(cwd: string, flags: PushFlags): Promise<Values> {
  const values: Record<string, unknown> = {};
  for (const name of flags.varsFile ?? []) {
    const text = readText(resolve(cwd, name), '--vars-file') ?? '';
    const found = await parseYaml(text, `--vars-file ${name}`);
    if (typeof found !== 'object' || found === null) throw new CliError(`--vars-file ${name}: it must be a map`);
    Object.assign(values, found);
  }
  for (const { name, value } of flags.var ?? []) values[name] = value;
  return values;
}

/** All are to be pushed, so each has to say how it is called. */
function refuseNameless(apps: readonly ManifestApp[], file: string): void {
  const index = apps.findIndex((app) => !app.name);
  if (index < 0) return;
  const orTyped = apps.length === 1 ? ', or type it: kf push APP_NAME --task' : '';
  throw new CliError(
    `appName cannot be empty: ${file}: applications[${index}] has no name; add "name: APP_NAME" to it${orTyped}`,
  );
}

/** Kf's rules: the named one; a single one takes the given name; all when none is named. */
function chooseApps(manifest: Manifest | undefined, name: string | undefined): readonly ManifestApp[] {
  const apps = manifest?.apps ?? [];
  if (name === undefined) return apps.length > 0 ? apps : [{}];
  const named = apps.find((app) => app.name === name);
  if (named !== undefined) return [named];
  if (apps.length === 0) return [{ name }];
  if (apps.length === 1) return [{ ...apps[0], name }];
  throw new CliError(
    `the manifest doesn't have an App named "${name}", available names are: [${apps.map((app) => app.name).join(', ')}]`,
  );
}

function planApp(cwd: string, manifestFolder: string, app: ManifestApp, flags: PushFlags): AppPlan {
  if (app.name === undefined || app.name === '') throw new CliError('appName cannot be empty: kf push APP_NAME --task');
  let name: string;
  try {
    name = objectName(`${app.name}${flags.appSuffix ?? ''}`);
  } catch (error) {
    throw new CliError(errorMessage(error));
  }
  // Chosen by flag, the way to build is not the manifest's.
  const byFlag = [flags.dockerImage, flags.dockerfile, flags.stack].some((flag) => flag !== undefined);
  const { dockerfile, stack } = byFlag ? flags : app;
  const dockerImage = byFlag ? flags.dockerImage : app.docker?.image;
  if (dockerImage !== undefined && !byFlag && (app.path ?? flags.path) !== undefined)
    throw new CliError('cannot use path and docker image simultaneously');
  const username = flags.dockerUsername ?? (byFlag ? undefined : app.docker?.username);
  if (username !== undefined && dockerImage === undefined)
    throw new CliError('--docker-username is for images: it needs --docker-image');
  const startsByFlag = flags.command !== undefined || flags.args !== undefined || flags.entrypoint !== undefined;
  const start = startsByFlag ? flags : app;
  return {
    name,
    folder: flags.path === undefined ? inFolder(manifestFolder, app.path) : inFolder(cwd, flags.path),
    task: flags.task === true || app.task === true,
    build: buildRecipeOf({ dockerImage, dockerfile, stack, buildArgs: flags.buildArg }),
    ...(dockerImage === undefined
      ? {}
      : { image: imageSourceOf(dockerImage, byFlag ? cwd : manifestFolder, username) }),
    command: start.command,
    args: start.args,
    entrypoint: start.entrypoint,
    env: [...(app.env ?? []), ...(flags.env ?? [])],
    memory: flags.memoryLimit ?? app.memory,
    disk: flags.diskQuota ?? app.disk,
    cpu: flags.cpuCores ?? app.cpu,
    cpuLimit: flags.cpuCores ?? app.cpuLimit,
    services: app.services,
    labels: app.labels,
    annotations: app.annotations,
  };
}

const inFolder = (folder: string, path = '.'): string => (isAbsolute(path) ? path : join(folder, path));
