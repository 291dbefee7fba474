/** Opens a log wherever it is: as conmon writes it, or compressed beside that place. */

import { open } from 'node:fs/promises';
import { errorCode } from '../../resources/errors.ts';
import { CompressedLog } from './compressed-log.ts';

/** What is used of a log's file; places and sizes are those of the log, compressed or not. */
export interface OpenLog {
  /** Fewer bytes than asked for only at the end. */
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number; readonly mtimeMs: number }>;
  close(): Promise<void>;
}

export const compressedSuffix = '.gz';

/** @param path of the log when it is not compressed. @throws ENOENT */
export async function openLog(path: string): Promise<OpenLog> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    // Its compressed form is there before it goes.
    return CompressedLog.open(path + compressedSuffix);
  }
}
