/** Long writing beside a server: it is given up before it takes the room that keeps tasks running. */

import { stat, statfs } from 'node:fs/promises';
import { defaultReserve } from '../../node/disk/reserve.ts';
import { formatBytes } from '../../resources/quantity.ts';

export interface RoomOptions {
  /** What is written lies in it. */
  readonly folder: string;
  /** Its disk is the one that is looked after. */
  readonly dataDir: string;
  /** Bytes that stay free. Default: 5 %, at least 1 GiB. */
  readonly reserveBytes?: number;
  readonly signal?: AbortSignal;
}

/** Milliseconds between two looks. */
const interval = 200;

/** @param work ends when its signal fires. @throws Error saying how much room is left */
export async function withRoom<T>(options: RoomOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { folder, dataDir, signal } = options;
  const given = new AbortController();
  const isSameDisk = (await stat(folder)).dev === (await stat(dataDir)).dev;
  const look = async (): Promise<void> => {
    if (!isSameDisk) return;
    const lack = await lackOf(options).catch(() => undefined);
    if (lack !== undefined) given.abort(new Error(lack));
  };
  await look();
  const timer = setInterval(() => void look(), interval);
  try {
    signal?.throwIfAborted();
    given.signal.throwIfAborted();
    return await work(signal === undefined ? given.signal : AbortSignal.any([given.signal, signal]));
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw given.signal.aborted ? given.signal.reason : error;
  } finally {
    clearInterval(timer);
  }
}

async function lackOf({ dataDir, reserveBytes }: RoomOptions): Promise<string | undefined> {
  const { bsize, blocks, bavail } = await statfs(dataDir);
  const reserve = reserveBytes ?? defaultReserve(blocks * bsize);
  return bavail * bsize >= reserve
    ? undefined
    : `the disk of ${dataDir} has ${formatBytes(bavail * bsize)} left, and ${formatBytes(reserve)} are kept free for what runs`;
}
