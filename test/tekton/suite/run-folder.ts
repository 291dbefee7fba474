/** Runs a folder of manifests against a server of its own. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Kf } from '../../support/kf.ts';
import { StandIns } from '../images/stand-ins.ts';
import { imagesOf, type Manifest, nameOf, obstacleOf, readManifest } from './manifest.ts';
import { labelAsSelected } from './node-labels.ts';
import { type Outcome, runManifest } from './run-manifest.ts';

export interface RunFolderOptions {
  readonly folder: string;
  /** Which paths within the folder. Default: all. */
  readonly only?: RegExp;
  /** Files at a time. */
  readonly jobs: number;
  /** Milliseconds for one file. */
  readonly timeout: number;
  /** Leaves the namespaces, and the server that runs them. */
  readonly keep?: boolean;
  /** Ends what runs, and takes the server away. */
  readonly signal?: AbortSignal;
  /** Called as each file is done with. */
  readonly onDone?: (report: Report) => void;
}

export interface Report {
  readonly path: string;
  readonly result: Outcome['result'] | 'skipped';
  readonly reason?: string;
  readonly log?: string;
  /** Milliseconds. */
  readonly duration: number;
}

/** @returns in the order of the paths */
export async function runFolder(options: RunFolderOptions): Promise<readonly Report[]> {
  const manifests = manifestsIn(options.folder).filter(({ path }) => options.only?.test(path) ?? true);
  const standIns = await StandIns.start();
  const stop = new AbortController();
  let kf: Kf | undefined;
  try {
    const aliases = await aliasesOf(manifests, standIns);
    const obstacles = manifests.map((manifest) => obstacleOf(manifest, (image) => image in aliases));
    kf = await Kf.create();
    await configure(kf, aliases);
    const client = await kf.client();
    const labelling = labelAsSelected(client, stop.signal).catch((error: unknown) => console.error(error));
    const kubeconfig = join(kf.dataDir, 'kubeconfig');
    const runOne = async (manifest: Manifest, index: number): Promise<Report> => {
      const since = Date.now();
      const obstacle = obstacles[index];
      const outcome =
        obstacle === undefined
          ? await runManifest(manifest, { ...options, client, kubeconfig, namespace: `manifest-${index}` })
          : { result: 'skipped' as const, reason: obstacle };
      const report = { path: manifest.path, ...outcome, duration: Date.now() - since };
      options.onDone?.(report);
      return report;
    };
    const reports = await inParallel(manifests, options, runOne);
    stop.abort();
    await labelling;
    client.close();
    return reports;
  } finally {
    stop.abort();
    if (options.keep && kf !== undefined) console.log(`KF_HOME=${kf.dataDir} is left running`);
    else await kf?.remove();
    await standIns.stop();
  }
}

function manifestsIn(folder: string): readonly Manifest[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile() && /\.ya?ml$/.test(file.name));
  return paths
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
    .map((file) => readManifest(relative(folder, file), readFileSync(file, 'utf8')));
}

/** For each image that has a stand-in, under the very name by which it is asked for. */
async function aliasesOf(
  manifests: readonly Manifest[],
  standIns: StandIns,
): Promise<Readonly<Record<string, string>>> {
  const aliases: Record<string, string> = {};
  for (const image of new Set(manifests.flatMap(imagesOf))) {
    const target = await standIns.of(nameOf(image));
    if (target !== undefined) aliases[image] = target;
  }
  return aliases;
}

async function configure(kf: Kf, aliases: Readonly<Record<string, string>>): Promise<void> {
  // As Tekton's own tests have it, whose results are not held to the size of a termination message.
  await kf.ok('configure-server', 'set', 'maxResultSize', '64Ki');
  await kf.ok('server', 'start');
  const words = Object.entries(aliases).map(([name, target]) => `${tagged(name)}=${target}`);
  await kf.ok('configure-server', 'set', 'images.aliases', ...words);
}

/** A name alone would stand for every tag, and keep it. */
const tagged = (image: string): string => (/[:@][^/]*$/.test(image) ? image : `${image}:latest`);

async function inParallel<T, R>(
  items: readonly T[],
  { jobs, signal }: RunFolderOptions,
  run: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length && !signal?.aborted) {
      const index = next++;
      results[index] = await run(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}
