/** Everything that one server and its data directory have on the machine, so that tests can tell what is left behind. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { volatileDirectory } from '../../src/node/layout.ts';
import { processes } from './processes.ts';

export interface Instance {
  readonly dataDir: string;
  /** Six hexadecimal digits, as in the data directory's file `instance`. */
  readonly name: string;
}

/** By kind of thing, sorted. Empty lists mean that nothing of it is there. */
export interface MachineState {
  readonly mounts: readonly string[];
  readonly loopDevices: readonly string[];
  readonly disks: readonly string[];
  readonly namespaces: readonly string[];
  readonly links: readonly string[];
  readonly firewall: readonly string[];
  readonly cgroups: readonly string[];
  /** Command lines of monitors and of whatever else works for the instance, its server excepted. */
  readonly processes: readonly string[];
  /** Bundles, exit codes and the runtime's states. */
  readonly volatileFiles: readonly string[];
}

export const nothing: MachineState = {
  mounts: [],
  loopDevices: [],
  disks: [],
  namespaces: [],
  links: [],
  firewall: [],
  cgroups: [],
  processes: [],
  volatileFiles: [],
};

/** Where newer releases of crun keep the seccomp filters that they have compiled, beside their states. */
export const runtimeCache = '.cache';

export function instanceOf(dataDir: string): Instance {
  return { dataDir, name: readFileSync(join(dataDir, 'instance'), 'utf8').trim() };
}

/** Where bundles, exit codes and the runtime's states are. */
export const volatileOf = ({ dataDir, name }: Instance): string => volatileDirectory(join(dataDir, 'run'), name);

export function machineState(instance: Instance): MachineState {
  const { dataDir } = instance;
  const prefix = `kf-${instance.name}`;
  const ours = (text: string): boolean => text.includes(prefix) || text.includes(`${dataDir}/`);
  return {
    mounts: lines(readFileSync('/proc/self/mountinfo', 'utf8'))
      .map((line) => line.split(' ')[4] ?? '')
      .filter(ours)
      .sort(),
    loopDevices: loopFiles().filter(ours).sort(),
    disks: list(join(dataDir, 'disks')),
    namespaces: list('/run/netns').filter(ours),
    links: list('/sys/class/net').filter(ours),
    firewall: lines(execFileSync('iptables-save', { encoding: 'utf8' }))
      .filter((line) => line.toLowerCase().includes(prefix))
      .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
      .sort(),
    cgroups: cgroupsNamed(prefix),
    processes: processesOf(ours),
    volatileFiles: ['pods', 'exits', 'runtime']
      .flatMap((folder) => list(join(volatileOf(instance), folder)).map((name) => `${folder}/${name}`))
      .filter((path) => !path.endsWith(`/${runtimeCache}`)),
  };
}

/**
 * How many there are of each, so that two states can be compared although names are random. The instance's own parent
 * cgroups do not count: a hierarchy gets its one with the first container.
 */
export function countsOf(state: MachineState): Readonly<Record<keyof MachineState, number>> {
  const cgroups = state.cgroups.filter((path) => !/\/kf-[^/]*$/.test(path));
  const counts = Object.entries({ ...state, cgroups }).map(([kind, things]) => [kind, things.length]);
  return Object.fromEntries(counts) as Record<keyof MachineState, number>;
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
};

function loopFiles(): string[] {
  return list('/sys/block').flatMap((name) => {
    try {
      return [readFileSync(join('/sys/block', name, 'loop/backing_file'), 'utf8').trim()];
    } catch {
      return [];
    }
  });
}

/** In every hierarchy, with all that is below. */
function cgroupsNamed(name: string): string[] {
  const root = '/sys/fs/cgroup';
  const roots = existsSync(join(root, 'cgroup.controllers')) ? [root] : list(root).map((one) => join(root, one));
  return roots.flatMap((hierarchy) => foldersBelow(join(hierarchy, name))).sort();
}

function foldersBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  const children = list(path).filter((name) => statSync(join(path, name), { throwIfNoEntry: false })?.isDirectory());
  return [path, ...children.flatMap((name) => foldersBelow(join(path, name)))];
}

function processesOf(ours: (text: string) => boolean): string[] {
  return processes()
    .map(({ args }) => args.join(' ').trim())
    .filter(ours)
    .sort();
}

/** Pids of the first processes of the containers that exist, by container name. */
export function containerPids(instance: Instance): readonly { readonly name: string; readonly pid: number }[] {
  const pods = join(volatileOf(instance), 'pods');
  return list(pods).flatMap((uid) =>
    list(join(pods, uid)).flatMap((name) => {
      try {
        return [{ name, pid: Number(readFileSync(join(pods, uid, name, 'pid'), 'utf8')) }];
      } catch {
        return [];
      }
    }),
  );
}

/** A zombie, which waits for whoever adopted it, does not run any more. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Pids of the instance's monitors (conmon). */
export function monitorPids(instance: Instance): readonly number[] {
  const states = join(volatileOf(instance), 'runtime');
  return processes()
    .filter(({ args }) => args[0]?.endsWith('conmon') === true && args.includes(states))
    .map(({ pid }) => pid);
}

/** Pids of the servers that were started on a data directory. */
export function serverPids(dataDir: string): readonly number[] {
  return processes()
    .filter(({ args }) => args.includes('run') && args.some((arg) => /server\.js$/.test(arg)))
    .map(({ pid }) => pid)
    .filter((pid) => environmentOf(pid).includes(`KF_HOME=${dataDir}`));
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has just ended.
    return [];
  }
}
