/** What the containers of one Pod share: network, disk, volumes, files made for the Pod. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makePublic, writePublic } from '../../../files/durable.ts';
import type { Pod } from '../../../resources/core/pod.ts';
import type { NodeContext } from '../../context.ts';
import type { PodDisk } from '../../disk/disk.ts';
import type { PodNetwork } from '../../network/network.ts';
import { type References, readReferences } from '../plan/references.ts';
import { podResolvConf } from './pod-resolv-conf.ts';

export interface Sandbox {
  readonly network: PodNetwork;
  readonly disk: PodDisk;
  readonly references: References;
  readonly files: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };
}

export const hostnameOf = ({ metadata, spec }: Pod): string =>
  (spec.hostname || metadata.name).slice(0, 63).replace(/[-.]+$/, '');

/** For what a container writes to its root, on the Pod's disk. Only the server gets there while the container does not run. */
export const rootFolder = (disk: string, container: string): string => join(disk, 'containers', container);

const aliases = ({ spec }: Pod): readonly string[] =>
  (spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => [ip, ...hostnames].join(' '));

/** @param directory the Pod's own, in memory */
export async function makeSandbox(
  context: NodeContext,
  pod: Pod,
  directory: string,
  network: PodNetwork,
  disk: PodDisk,
): Promise<Sandbox> {
  const etc = join(directory, 'etc');
  makePublic(etc);
  const files = { hosts: join(etc, 'hosts'), hostname: join(etc, 'hostname'), resolvConf: join(etc, 'resolv.conf') };
  const hostname = hostnameOf(pod);
  const made = { network, disk, files, references: await readReferences(context.client, pod) };
  // Running containers of an earlier server see these very files.
  if (existsSync(files.hosts)) return made;
  writePublic(files.hostname, `${hostname}\n`);
  writePublic(files.resolvConf, podResolvConf(context.network.resolvConf, pod.spec));
  const own = [
    '127.0.0.1 localhost',
    '::1 localhost ip6-localhost',
    `${network.ip} ${hostname}`,
    `${context.network.hostAddress} host.kf.internal`,
  ];
  writePublic(files.hosts, `${[...own, ...aliases(pod)].join('\n')}\n`);
  return made;
}
