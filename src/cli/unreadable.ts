/** Why a file that the user named cannot be read, in words. Pure. */

import { errorCode, errorMessage } from '../resources/errors.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'there is no such file or folder',
  EISDIR: 'it is a folder',
  EACCES: 'you may not read it',
  ELOOP: 'its links go round in a circle',
};

export const whyUnreadable = (error: unknown): string => reasons[errorCode(error) ?? ''] ?? errorMessage(error);

/** `cannot read ca.pem: there is no such file or folder`. */
export const unreadable = (path: string, error: unknown): string => `cannot read ${path}: ${whyUnreadable(error)}`;
