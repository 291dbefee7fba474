/** What a backup holds. */

/** Beside the store; those that are there. In the data directory they have the same names. */
export const backedUp = [
  'token',
  'users',
  'tls.json',
  'config.yaml',
  'logs',
  'log-sinks',
  'images',
  // After it: what counts of the storage is noted there.
  'storage',
  'layers',
  'sources',
] as const;
export const storeFile = 'store.db';
export const volumesFolder = 'volumes';
export const manifestFile = 'backup.json';

/** Raised whenever older code could not restore it any more. */
export const backupFormat = 2;

export interface BackupManifest {
  readonly format: number;
  /** Version of kf. */
  readonly version: string;
  readonly schemaVersion: number;
  readonly revision: number;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Whether the volumes that the server made are in it. */
  readonly volumes: boolean;
}

/** @throws Error saying why this code cannot restore it */
export function checkManifest(found: unknown, knownSchema: number): BackupManifest {
  const manifest = found as Partial<BackupManifest> | null;
  if (typeof manifest?.format !== 'number' || typeof manifest.schemaVersion !== 'number')
    throw new Error('this is no backup of kf');
  if (manifest.format > backupFormat || manifest.schemaVersion > knownSchema)
    throw new Error(
      `it was made by kf ${manifest.version} (schema ${manifest.schemaVersion}; this one knows ${knownSchema}): install that version first`,
    );
  return manifest as BackupManifest;
}
