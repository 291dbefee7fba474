/** What the containers of one Pod share: network, disk, volumes, files made for the Pod. */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makePublic, writePublic } from '../../files/durable.ts';
import type { Container, Pod } from '../../resources/core/pod.ts';
import type { NodeContext } from '../context.ts';
import type { PodDisk } from '../disk/disk.ts';
import { ImageNotFound } from '../images/image.ts';
import type { PodNetwork } from '../network/network.ts';
import type { OciSpec } from '../runtime/oci.ts';
import { containerSpec } from '../runtime/oci-spec.ts';
import { commandOf } from './command.ts';
import { ConfigError } from './config-error.ts';
import { resolveEnvironment } from './environment.ts';
import { type References, readReferences } from './references.ts';
import { cpuLimit, cpuRequest, memoryLimit } from './resources.ts';
import { prepareVolumes, volumeMounts } from './volumes.ts';

export interface Sandbox {
  readonly network: PodNetwork;
  readonly disk: PodDisk;
  readonly references: References;
  readonly files: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };
}

const hostnameOf = (pod: Pod): string => pod.metadata.name.slice(0, 63).replace(/[-.]+$/, '');

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
  writePublic(files.resolvConf, context.network.resolvConf);
  writePublic(
    files.hosts,
    `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${network.ip} ${hostname}\n${context.network.hostAddress} host.kf.internal\n`,
  );
  return made;
}

/** The complete config.json of one container. @throws ConfigError */
export async function specOf(
  context: NodeContext,
  pod: Pod,
  container: Container,
  sandbox: Sandbox,
  place: { readonly id: string; readonly podDirectory: string },
): Promise<OciSpec> {
  const image = await context.images.resolve(container.image ?? '').catch((error: unknown) => {
    throw error instanceof ImageNotFound ? new ConfigError(error.message, 'ErrImageNeverPull') : error;
  });
  const diskDir = join(sandbox.disk.path, 'containers', container.name);
  mkdirSync(diskDir, { recursive: true });
  const security = securityOf(pod, container);
  const rootfs = await context.rootfsOf(image).prepare({
    image,
    diskDir,
    files: sandbox.files,
    runAs: runAs(security),
    mountPoints: (container.volumeMounts ?? []).map(({ mountPath }) => mountPath),
  });
  if (security.runAsNonRoot && rootfs.user.uid === 0)
    throw new ConfigError(
      security.runAsUser === 0
        ? "container's runAsUser breaks non-root policy"
        : 'container has runAsNonRoot and image will run as root',
    );
  const environment = resolveEnvironment({
    pod,
    container,
    defaults: rootfs.env,
    references: sandbox.references,
    podIP: sandbox.network.ip,
    hostIP: context.network.hostAddress,
    nodeName: context.nodeName,
    fallbackLimits: {
      memory: context.defaults.memoryBytes,
      'ephemeral-storage': sandbox.disk.limitBytes,
      cpu: 1,
    },
  });
  const volumes = prepareVolumes(pod, {
    diskDir: sandbox.disk.path,
    memoryDir: place.podDirectory,
    references: sandbox.references,
    user: rootfs.user,
    hostPaths: context.hostPaths,
    claims: await context.claims.acquire(pod),
  });
  const cpu = cpuLimit(container);
  return containerSpec({
    hostname: hostnameOf(pod),
    rootfs: { ...rootfs, readonly: rootfs.readonly || security.readOnlyRootFilesystem === true },
    volumes: volumeMounts(pod, container, volumes, rootfs.user),
    init: context.init,
    args: commandOf(container, rootfs, environment),
    env: [...environment].map(([name, value]) => `${name}=${value}`),
    cwd: container.workingDir || rootfs.cwd,
    user: rootfs.user,
    networkNamespace: sandbox.network.path,
    cgroupsPath: context.cgroups.containerPath(place.id),
    memoryBytes: memoryLimit(container, context.defaults),
    limitsSwap: context.limitsSwap,
    cpuRequest: cpuRequest(container),
    ...(cpu === undefined ? {} : { cpuLimit: cpu }),
    pidsLimit: context.defaults.pids,
    rlimits: context.rlimits,
    architecture: process.arch,
  });
}

interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
}

const securityOf = (pod: Pod, container: Container): SecurityContext => ({
  ...(pod.spec.securityContext as SecurityContext | undefined),
  ...(container.securityContext as SecurityContext | undefined),
});

function runAs(settings: SecurityContext): { user?: number; group?: number } {
  return {
    ...(settings.runAsUser === undefined ? {} : { user: settings.runAsUser }),
    ...(settings.runAsGroup === undefined ? {} : { group: settings.runAsGroup }),
  };
}
