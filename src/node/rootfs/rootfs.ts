/** The files that a container sees below its volumes. One implementation per kind of base. */

import type { Stats } from 'node:fs';
import type { Image } from '../images/image.ts';
import type { OciMount, OciUser } from '../runtime/oci.ts';

export interface RootfsRequest {
  readonly image: Image;
  /** An existing folder of this container on the Pod's disk; everything that it writes goes there. */
  readonly diskDir: string;
  /** Files that were made for the Pod. */
  readonly files: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };
  /** The Pod's or container's securityContext. */
  readonly runAs: { readonly user?: number; readonly group?: number };
  /** Where volumes will be mounted. */
  readonly mountPoints: readonly string[];
}

/** The IDs outside that stand for 0, 1, 2 … inside. */
export interface UserNamespace {
  readonly hostId: number;
  readonly size: number;
}

/** A part of a container's files that is written to a folder of its own. */
interface WrittenPart {
  /** Absolute, in the container; the whole of it is `/`. */
  readonly destination: string;
  readonly upper: string;
  /** What the layers below show at a path of the container; a link is not followed. */
  readonly below: (path: string) => Stats | undefined;
}

/** Ready to be mounted by the OCI runtime; nothing is mounted on the host, so there is nothing to undo. */
export interface Rootfs {
  readonly path: string;
  /** Mounted over `path` before anything else. */
  readonly overlay?: OciMount;
  readonly readonly: boolean;
  readonly mounts: readonly OciMount[];
  /** Where what the container writes goes, of a part of its files. Absent where nothing may be put there for it. */
  readonly written?: WrittenPart;
  readonly user: OciUser;
  /** Set for what makes mounts and containers of its own, as image builds do: root inside is nobody outside. */
  readonly userNamespace?: UserNamespace;
  /** `NAME=value`; the container's own variables win. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** argv for a container that gives none. */
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Whether /bin/sh is known to be there. */
  readonly hasShell: boolean;
  /** Whether the image has a file, after all links; absent where that is not known. */
  readonly hasFile?: (path: string) => boolean;
}

export interface RootfsProvider {
  /** @throws ConfigError */
  prepare(request: RootfsRequest): Promise<Rootfs>;
  /** Removes what was made for containers before, but the roots in `inUse`. */
  sweep?(inUse: ReadonlySet<string>): Promise<void>;
}
