/**
 * The files that skopeo is configured by, so that nothing of the machine's own /etc/containers and nobody's storage or
 * credentials are used. Pure.
 */

export type StorageDriver = 'overlay' | 'vfs';

export interface StorageFolders {
  /** containers/storage's `graphroot`. */
  readonly graphRoot: string;
  /** Its `runroot`: locks, mounts. */
  readonly runRoot: string;
  /** Holds the files of this module. */
  readonly configDirectory: string;
}

/** `storage.conf`: nothing is mounted on the machine, also not the storage upon itself. */
export const storageConf = ({ graphRoot, runRoot }: StorageFolders, driver: StorageDriver): string => `[storage]
driver = ${tomlString(driver)}
graphroot = ${tomlString(graphRoot)}
runroot = ${tomlString(runRoot)}

[storage.options.overlay]
skip_mount_home = "true"
`;

/** `policy.json`: images are told by their digests, signatures are not asked for. */
export const policyJson = `${JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] })}\n`;

/** What every call of skopeo needs in its environment. */
export function storageEnvironment({ configDirectory }: StorageFolders): Readonly<Record<string, string>> {
  return {
    CONTAINERS_STORAGE_CONF: `${configDirectory}/storage.conf`,
    CONTAINERS_REGISTRIES_CONF: `${configDirectory}/registries.conf`,
    // Where programs look for what belongs to a user: root's credentials are not ours to use.
    HOME: configDirectory,
    XDG_RUNTIME_DIR: configDirectory,
  };
}

export const tomlString = (text: string): string => JSON.stringify(text);
