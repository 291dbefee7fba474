/**
 * The exchange of what a data directory holds for what a backup held, which a crash cannot leave half done: all names
 * stand in a journal, on disk before the first of them moves. Whoever opens the directory next completes it.
 */

import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { syncPath, writeDurably } from '../../files/durable.ts';
import { acquireLock } from '../../store/lock.ts';
import { storeFile } from './contents.ts';

/** Folders are names in the data directory. */
interface Journal {
  /** Holds what is put in place. */
  readonly from: string;
  /** Receives what was there. */
  readonly aside: string;
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
}

export const journalFile = 'restore.json';

export interface ExchangeOptions {
  readonly dataDir: string;
  /** In the data directory; its content is on disk. */
  readonly from: string;
  /** In the data directory; is not there yet. */
  readonly aside: string;
  /** What of both takes part. */
  readonly names: readonly string[];
}

/** The caller holds the store's lock. @throws Error; all is then as it was, or the next start completes it */
export async function exchange({ dataDir, from, aside, names }: ExchangeOptions): Promise<void> {
  const journal: Journal = {
    from: basename(from),
    aside: basename(aside),
    incoming: names.filter((name) => existsSync(join(from, name))),
    outgoing: names.filter((name) => existsSync(join(dataDir, name))),
  };
  await writeDurably(join(dataDir, journalFile), JSON.stringify(journal), 0o600);
  try {
    await complete(dataDir, journal);
  } catch (error) {
    await undo(dataDir, journal);
    throw error;
  }
}

/** Completes a restore that a crash has interrupted. @throws LockedError while another process is at it */
export async function completeInterrupted(dataDir: string): Promise<void> {
  if (!existsSync(join(dataDir, journalFile))) return;
  const lock = acquireLock(join(dataDir, storeFile));
  try {
    await completeLocked(dataDir);
  } finally {
    lock.release();
  }
}

/** As completeInterrupted, for who holds the store's lock. */
export async function completeLocked(dataDir: string): Promise<void> {
  const text = await readFile(join(dataDir, journalFile), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const journal = JSON.parse(text) as Journal;
  const isWhole = journal.incoming.every(
    (name) => existsSync(join(dataDir, journal.from, name)) || isIn(dataDir, journal, name),
  );
  // Where files that were to be put in place have been removed, the exchange is undone.
  await (isWhole ? complete : undo)(dataDir, journal);
}

/** Whether what has come from the backup is in place: what was there before leaves first. */
const isIn = (dataDir: string, { aside, outgoing }: Journal, name: string): boolean =>
  existsSync(join(dataDir, name)) && (!outgoing.includes(name) || existsSync(join(dataDir, aside, name)));

async function complete(dataDir: string, journal: Journal): Promise<void> {
  const { from, aside, incoming, outgoing } = journal;
  await mkdir(join(dataDir, aside), { recursive: true, mode: 0o700 });
  for (const name of outgoing)
    if (existsSync(join(dataDir, name)) && !existsSync(join(dataDir, aside, name)))
      await rename(join(dataDir, name), join(dataDir, aside, name));
  for (const name of incoming)
    if (existsSync(join(dataDir, from, name))) await rename(join(dataDir, from, name), join(dataDir, name));
  await end(dataDir, journal, false);
}

async function undo(dataDir: string, journal: Journal): Promise<void> {
  const { from, aside, incoming, outgoing } = journal;
  for (const name of incoming)
    if (isIn(dataDir, journal, name)) await rename(join(dataDir, name), join(dataDir, from, name));
  for (const name of outgoing)
    if (existsSync(join(dataDir, aside, name))) await rename(join(dataDir, aside, name), join(dataDir, name));
  await end(dataDir, journal, true);
}

/** The journal goes when all names are where they belong for good. */
async function end(dataDir: string, { from, aside }: Journal, isUndone: boolean): Promise<void> {
  for (const folder of ['.', aside, from]) if (existsSync(join(dataDir, folder))) await syncPath(join(dataDir, folder));
  const tidy = () => rm(join(dataDir, from), { recursive: true, force: true });
  // Half removed, what is unpacked must not be taken for whole.
  if (!isUndone) await tidy();
  // Empty where nothing was there before.
  await rmdir(join(dataDir, aside)).catch(() => undefined);
  await rm(join(dataDir, journalFile));
  await syncPath(dataDir);
  if (isUndone) await tidy();
}
