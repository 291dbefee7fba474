/** Where a server keeps its files, and by what name it marks what it makes on the machine. */

import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { processBeginning } from '../node/host/process-beginning.ts';
import { layoutOf } from '../node/layout.ts';
import { liveMonitors } from '../node/pods/recovery/monitors.ts';
import { errorCode } from '../resources/errors.ts';
import { ownerOf, volatileFolders } from './owner-note.ts';

const defaultDataDir = '/var/lib/kf';
const defaultRunDir = '/run/kf';

export interface Home {
  /** Survives a reboot. */
  readonly dataDir: string;
  /** Gone after a reboot, on tmpfs where the machine has one. */
  readonly runDir: string;
  /** 6 hexadecimal digits; names of interfaces, cgroups and firewall chains begin with `kf-` and it. */
  readonly instance: string;
}

/**
 * The home that the environment names: `KF_HOME`, else /var/lib/kf with /run/kf.
 * @throws Error naming the folder that cannot be written
 */
export async function openHome(env: NodeJS.ProcessEnv): Promise<Home> {
  const wanted = env.KF_HOME || defaultDataDir;
  try {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    await access(wanted, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`cannot write to the data directory ${wanted} (${errorCode(error)}): set KF_HOME to another one`);
  }
  const dataDir = await realpath(wanted);
  const runDir = env.KF_HOME ? join(dataDir, 'run') : defaultRunDir;
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  return { dataDir, runDir, instance: await instanceOf(dataDir, runDir) };
}

/** A home whose data directory was removed, while its server still has something on the machine. */
export interface AbandonedHome extends Home {
  /** The server's process, where it still runs. */
  readonly serverPid?: number;
}

/** Like openHome, without making anything; undefined where neither a server's data are nor what one has left. */
export async function findHome(env: NodeJS.ProcessEnv): Promise<Home | AbandonedHome | undefined> {
  const wanted = resolve(env.KF_HOME || defaultDataDir);
  if (existsSync(join(wanted, instanceFile))) return openHome(env);
  const dataDir = await realpath(wanted).catch(() => wanted);
  return abandonedHome(dataDir, env.KF_HOME ? join(dataDir, 'run') : defaultRunDir);
}

/** What a server has left whose data directory somebody has removed. */
async function abandonedHome(dataDir: string, runDir: string): Promise<AbandonedHome | undefined> {
  const owner = await ownerOf(dataDir, await volatileFolders(runDir));
  if (owner === undefined) return undefined;
  const { instance, pid, beginning } = owner;
  const runs = beginning !== undefined && processBeginning(pid) === beginning;
  const monitors = liveMonitors(layoutOf(dataDir, runDir, instance).runtime).values();
  // In another mount namespace the same path leads to data that are there.
  const isElsewhere = (process: number): boolean => existsSync(`/proc/${process}/root${join(dataDir, instanceFile)}`);
  if ([...(runs ? [pid] : []), ...monitors].some(isElsewhere)) return undefined;
  return { dataDir, runDir, instance, ...(runs && { serverPid: pid }) };
}

const instanceFile = 'instance';

/** Kept in the data directory, so that a moved one still finds what it made. */
async function instanceOf(dataDir: string, runDir: string): Promise<string> {
  const file = join(dataDir, instanceFile);
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (/^[0-9a-f]{6}$/.test(kept)) return kept;
  const abandoned = await abandonedHome(dataDir, runDir);
  // It would go on beside the next server, with Jobs of its own.
  if (abandoned?.serverPid !== undefined)
    throw new Error(
      `the data in ${dataDir} were removed while their server ran, which goes on without them (process ${abandoned.serverPid}): kf server uninstall ends it`,
    );
  const made = createHash('sha256').update(dataDir).update(randomUUID()).digest('hex').slice(0, 6);
  await writeFile(file, made);
  return made;
}
