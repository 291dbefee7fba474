/** How a store that older code wrote becomes one of this code's: one step per schema version, in one transaction. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'libsql';
import { errorMessage } from '../resources/errors.ts';

/** SQL from one schema version to the next. Bodies are JSON: `json_set` and the like reach into them. */
export type Migration = string;

/**
 * The first leads from version 1 to 2. Never changed once released; a step is added whenever older code could not read
 * the tables, or the objects in them, any more. New kinds and optional fields need none.
 */
export const migrations: readonly Migration[] = [];

/** The file was written by newer code. */
export class SchemaVersionError extends Error {
  override readonly name = 'SchemaVersionError';
  constructor(path: string, found: number, known: number) {
    super(
      `${path} was written by a newer version of kf (schema ${found}, this one knows ${known}): install that version again`,
    );
  }
}

export const schemaVersion = (steps: readonly Migration[]): number => steps.length + 1;

/** Where the store of an older version is kept when a newer one takes it over. */
const copyOf = (path: string, version: number): string => `${path}.schema-${version}`;

/**
 * Takes the steps that are missing, after a copy of the whole store was saved. All or nothing: after an error, or a crash,
 * the store is as it was.
 * @param found the store's schema version; `steps` lead beyond it
 */
export function migrate(database: Database.Database, path: string, found: number, steps: readonly Migration[]): void {
  saveCopy(database, copyOf(path, found));
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const sql of steps.slice(found - 1)) database.exec(sql);
    database
      .prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?,?)')
      .run('schemaVersion', schemaVersion(steps));
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw new Error(
      `${path} cannot be brought from schema ${found} to ${schemaVersion(steps)}, and stays as it was: ${errorMessage(error)}`,
    );
  }
}

/** Whole or not there at all; that of an earlier attempt is replaced. */
export function saveCopy(database: Database.Database, target: string): void {
  const part = `${target}.part`;
  rmSync(part, { force: true });
  try {
    // Secrets are inside: SQLite takes an empty file as it is.
    closeSync(openSync(part, 'wx', 0o600));
    database.prepare('VACUUM INTO ?').run(part);
    // It is there for good before anything is changed.
    syncSync(part);
    renameSync(part, target);
    syncSync(dirname(target));
  } catch (error) {
    // A disk that is full has no room for half of it.
    rmSync(part, { force: true });
    throw error;
  }
}

function syncSync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
