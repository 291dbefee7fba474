/** A store's file without a store: copies while a server writes it, and changes before one opens it. */

import { existsSync } from 'node:fs';
import Database from 'libsql';
import type { KubeObject } from '../resources/meta.ts';
import { migrations, SchemaVersionError, saveCopy, schemaVersion } from './migrations.ts';

export interface StoreFacts {
  readonly schemaVersion: number;
  /** The last one given that is on disk. */
  readonly revision: number;
}

/** The newest schema that this code reads. */
export const knownSchema = schemaVersion(migrations);

/** That this code can open the store, if there is one. @throws SchemaVersionError */
export function checkSchema(path: string): void {
  if (!existsSync(path)) return;
  const found = withDatabase(path, (database) => {
    const row = database.prepare("SELECT value FROM meta WHERE name = 'schemaVersion'").raw().get();
    return Number((row as [unknown] | undefined)?.[0] ?? 1);
  });
  if (found > knownSchema) throw new SchemaVersionError(path, found, knownSchema);
}

/** A copy of one moment, whoever writes meanwhile. @throws Error when the disk is full */
export function copyStore(path: string, target: string): StoreFacts {
  return withDatabase(path, (database) => {
    // The copy is consistent: what it holds is read from it, not from the store.
    saveCopy(database, target);
    return inspectStore(target);
  });
}

/** @throws Error when the file is damaged, or no store */
export function inspectStore(path: string): StoreFacts {
  return withDatabase(path, (database) => {
    const [found] = database.prepare('PRAGMA quick_check(1)').raw().get() as unknown as [string];
    if (found !== 'ok') throw new Error(`the store is damaged: ${found}`);
    const number = (sql: string): number => Number((database.prepare(sql).raw().get() as [unknown] | undefined)?.[0]);
    return {
      schemaVersion: number("SELECT value FROM meta WHERE name = 'schemaVersion'") || 1,
      revision: Math.max(
        number("SELECT max(value) FROM meta WHERE name IN ('revision', 'compactedRevision')") || 0,
        number('SELECT max(revision) FROM log') || 0,
        number('SELECT max(revision) FROM objects') || 0,
      ),
    };
  });
}

/** An object by its name, of a kind without namespaces, also while a server writes; undefined when there is none. @param kind its name in the store */
export function objectByName(path: string, kind: string, name: string): KubeObject | undefined {
  return withDatabase(path, (database) => {
    const bodies = database.prepare('SELECT body FROM bodies WHERE id IN (SELECT id FROM objects WHERE kind = ?)');
    const found = (bodies.raw().all(kind) as unknown as readonly [string][]).map(([body]) => JSON.parse(body));
    return (found as readonly KubeObject[]).find(({ metadata }) => metadata.name === name);
  });
}

export interface Rewriting {
  /** The next server's revisions begin far beyond it, and whoever watches has to list anew. */
  readonly beyond: number;
  /** By the kind's name in the store; what comes back replaces the object. */
  readonly changes: Readonly<Record<string, (object: KubeObject) => KubeObject>>;
}

/** For a file that no server has open. */
export function rewriteStore(path: string, { beyond, changes }: Rewriting): void {
  withDatabase(path, (database) => {
    const setMeta = database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?,?)');
    const setBody = database.prepare('UPDATE bodies SET body = ? WHERE id = ?');
    const bodies = database.prepare('SELECT id, body FROM bodies WHERE id IN (SELECT id FROM objects WHERE kind = ?)');
    database.exec('BEGIN IMMEDIATE');
    for (const [kind, change] of Object.entries(changes))
      for (const [id, body] of bodies.raw().all(kind) as unknown as readonly [number, string][]) {
        const changed = JSON.stringify(change(JSON.parse(body) as KubeObject));
        if (changed !== body) setBody.run(changed, id);
      }
    setMeta.run('revision', Math.max(beyond, 0));
    // As after a crash: the counter jumps, and everything older counts as compacted.
    setMeta.run('state', 'open');
    database.exec('COMMIT');
  });
}

function withDatabase<T>(path: string, work: (database: Database.Database) => T): T {
  const database = new Database(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}
