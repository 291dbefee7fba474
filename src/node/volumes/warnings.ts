/** What is not as one may expect of a volume, and stops nobody. */

import { stat } from 'node:fs/promises';
import { classOf, type PersistentVolumeClaim } from '../../resources/core/volumes.ts';
import { vcapUser } from '../../resources/vcap.ts';
import type { VolumeStore } from './volume-store.ts';

/** Reason and message of a condition. */
export interface Said {
  readonly reason: string;
  readonly message: string;
}

export const sizeWarning = ({ notEnforced }: VolumeStore): Said | undefined =>
  notEnforced === undefined
    ? undefined
    : { reason: 'SizeNotEnforced', message: `its size is not enforced: ${notEnforced}` };

export function classWarning(claim: PersistentVolumeClaim): Said | undefined {
  const [named, provides] = [claim.spec.storageClassName, classOf(claim)];
  return named === provides
    ? undefined
    : {
        reason: 'OtherStorageClass',
        message: `there is no storage class "${named}" here: its volume is of ${provides}`,
      };
}

/** A directory that only others may write to is no fault: it may be meant to be read. */
export async function ownerWarning(path: string): Promise<Said | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  const bit = found.uid === vcapUser.uid ? 0o200 : found.gid === vcapUser.gid ? 0o020 : 0o002;
  if ((found.mode & bit) !== 0) return undefined;
  const command = `kf configure-server allow-host-path ${path} --chown`;
  return {
    reason: 'NotWritable',
    message: `Tasks cannot write to ${path}, which does not belong to vcap (user ${vcapUser.uid}); the administrator gives it to him by: ${command}`,
  };
}
