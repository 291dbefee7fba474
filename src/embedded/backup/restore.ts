/** `kf server restore`: unpacked and looked at while the server runs, put in place while it does not. */

import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../node/host/run-command.ts';
import { bootFile } from '../../node/images/container-storage.ts';
import { ownNodeName } from '../../node/node-object.ts';
import { Pod } from '../../resources/core/pod.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { acquireLock, type Lock } from '../../store/lock.ts';
import { kindKeyOf } from '../../store/object-store.ts';
import { inspectStore, knownSchema, rewriteStore } from '../../store/offline.ts';
import { endContainers, monitorsOf } from '../end-containers.ts';
import type { Home } from '../home.ts';
import { type BackupManifest, backedUp, checkManifest, manifestFile, storeFile, volumesFolder } from './contents.ts';
import { completeInterrupted, completeLocked, exchange, journalFile } from './exchange.ts';
import { noBoot, restoredJob, restoredPipelineRun, restoredPod, restoredTask, restoredTaskRun } from './restored.ts';
import { withRoom } from './room.ts';
import { unpackTar } from './tar.ts';

export interface Unpacked extends BackupManifest {
  /** In the data directory. */
  readonly folder: string;
}

const unpacking = 'restoring-';

export interface UnpackOptions {
  /** Whether what runs will have been ended before it is put in place. */
  readonly kill?: boolean;
  /** Bytes that stay free on the server's disk. Default: 5 %, at least 1 GiB. */
  readonly reserveBytes?: number;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/**
 * Changes nothing of what is there, unless a crash has interrupted a restore.
 * @throws Error when the file is no backup, damaged, of newer code, or too large for the disk; when containers run
 */
export async function unpackBackup(
  home: Home,
  file: string,
  { kill = false, reserveBytes, signal }: UnpackOptions = {},
): Promise<Unpacked> {
  const { dataDir } = home;
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  // Before minutes are spent on it, and the room of what runs.
  if (!kill) checkIdle(home);
  await completeInterrupted(dataDir);
  // What an attempt that was killed has left.
  for (const name of await readdir(dataDir))
    if (name.startsWith(unpacking)) await rm(join(dataDir, name), { recursive: true, force: true });
  const folder = await mkdtemp(join(dataDir, unpacking));
  try {
    await withRoom({ folder, dataDir, reserveBytes, signal }, (given) => unpackTar(file, folder, given)).catch(
      (error: Error) => {
        throw new Error(`${file} cannot be unpacked: ${error.message}`);
      },
    );
    const text = await readFile(join(folder, manifestFile), 'utf8').catch(() => 'null');
    const manifest = checkManifest(JSON.parse(text), knownSchema);
    inspectStore(join(folder, storeFile));
    return { ...manifest, folder };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export interface Restored extends BackupManifest {
  /** Where what was replaced lies; undefined when there was nothing. */
  readonly replaced?: string;
}

/**
 * For while no server runs.
 * @param kill whether containers that run are ended, as where no server starts any more that could
 * @throws Error when a server runs, or containers do; all is then as it was
 */
export async function putInPlace(home: Home, folder: string, now: Date, kill = false): Promise<Restored> {
  const { dataDir } = home;
  let lock: Lock | undefined;
  try {
    lock = acquireLock(join(dataDir, storeFile));
    await completeLocked(dataDir);
    const manifest = checkManifest(JSON.parse(await readFile(join(folder, manifestFile), 'utf8')), knownSchema);
    if (kill) await endContainers(home);
    checkIdle(home);
    const isThere = existsSync(join(dataDir, storeFile));
    adaptStore(folder, manifest, isThere ? currentRevision(dataDir, manifest, now) : 0, now);
    await distrustStorage(folder);
    const aside = freeName(join(dataDir, `replaced-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`));
    // The file system as a whole: tar has written thousands of files.
    await runCommand('sync', ['--file-system', folder]);
    await exchange({ dataDir, from: folder, aside, names: namesOf(manifest) });
    return { ...manifest, ...(isThere ? { replaced: aside } : {}) };
  } finally {
    // What could be neither completed nor undone is still needed.
    if (!existsSync(join(dataDir, journalFile))) await rm(folder, { recursive: true, force: true });
    lock?.release();
  }
}

/** @throws Error when containers run */
function checkIdle(home: Home): void {
  const running = monitorsOf(home).size;
  if (running > 0)
    throw new Error(`${running === 1 ? '1 container runs' : `${running} containers run`} here; --kill ends them first`);
}

/** The last one that the present store has given; where it is damaged, one that it cannot have given: milliseconds go faster. */
function currentRevision(dataDir: string, { revision }: BackupManifest, now: Date): number {
  try {
    return inspectStore(join(dataDir, storeFile)).revision;
  } catch {
    return Math.max(revision + 1e9, now.getTime());
  }
}

/** Layers of an image that was being pulled during the backup may be incomplete: another boot's id has them checked. */
async function distrustStorage(folder: string): Promise<void> {
  const images = join(folder, 'images');
  if (existsSync(images)) await writeFile(join(images, bootFile), noBoot);
}

/** All that a backup holds comes from it, or is not there; volumes only where it holds them. */
const namesOf = ({ volumes }: BackupManifest): readonly string[] => [
  ...['', '-wal', '-shm'].map((suffix) => storeFile + suffix),
  ...backedUp,
  ...(volumes ? [volumesFolder] : []),
];

/** Two restores may be of one second. */
function freeName(path: string): string {
  for (let count = 2, name = path; ; name = `${path}-${count++}`) if (!existsSync(name)) return name;
}

function adaptStore(folder: string, { createdAt, revision }: BackupManifest, current: number, now: Date): void {
  const change = <T>(work: (object: T) => T) => work as unknown as (object: KubeObject) => KubeObject;
  const nodeName = ownNodeName();
  const time = now.toISOString();
  const reason = `restored from a backup of ${createdAt}: what had not ended then is not run again`;
  rewriteStore(join(folder, storeFile), {
    beyond: Math.max(revision, current),
    changes: {
      [kindKeyOf(Pod)]: change<Pod>((pod) => restoredPod(pod, nodeName)),
      [kindKeyOf(Task)]: change<Task>(restoredTask),
      [kindKeyOf(PipelineRun)]: change<PipelineRun>(restoredPipelineRun),
      [kindKeyOf(TaskRun)]: change<TaskRun>((run) => restoredTaskRun(run, reason)),
      [kindKeyOf(TaskSchedule)]: change<TaskSchedule>((job) => restoredJob(job, time, createdAt)),
    },
  });
}
