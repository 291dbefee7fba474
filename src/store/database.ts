/** The thin interface over SQLite: schema, what a start needs, and reads. All writing is the commit worker's. */

import { closeSync, openSync } from 'node:fs';
import Database from 'libsql';
import { type Migration, migrate, migrations, SchemaVersionError, schemaVersion } from './migrations.ts';

/** An unclean end may have lost revisions that were given out already: the counter jumps over them. */
const revisionJump = 1_000_000;

/** A row of the index table. */
export type IndexRow = readonly [
  id: number,
  kind: string,
  namespace: string,
  name: string,
  revision: number,
  uid: string,
  owners: string | null,
  flags: number,
];

/** A row of the revision log. */
export type LogRow = readonly [revision: number, type: string, before: string | null, body: string];

export interface StartState {
  /** The last revision that was given. */
  readonly revision: number;
  readonly compactedRevision: number;
}

/** The schema of version 1; later changes are in the migrations. */
const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    revision INTEGER NOT NULL, uid TEXT NOT NULL, owners TEXT, labels TEXT, flags INTEGER NOT NULL
  );
  CREATE TABLE bodies (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY, kind TEXT NOT NULL, type TEXT NOT NULL, before TEXT, body TEXT NOT NULL
  );
`;

export class StoreDatabase {
  readonly #database: Database.Database;
  readonly #body: Database.Statement;
  readonly #log: Database.Statement;

  /** Opens or makes the file; one of older code is migrated. @throws SchemaVersionError */
  constructor(path: string, steps: readonly Migration[] = migrations) {
    // Secrets are inside: for the owner alone. SQLite gives its side files the same mode.
    closeSync(openSync(path, 'a', 0o600));
    this.#database = new Database(path);
    this.#database.exec('PRAGMA journal_mode = WAL');
    this.#database.exec('PRAGMA synchronous = FULL');
    try {
      this.#openSchema(path, steps);
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#body = this.#database.prepare('SELECT body FROM bodies WHERE id = ?').raw();
    this.#log = this.#database
      .prepare(
        'SELECT revision, type, before, body FROM log WHERE kind = ? AND revision > ? AND revision <= ? ORDER BY revision LIMIT ?',
      )
      .raw();
  }

  /**
   * Marks the file as open, and says where the revisions go on. After an unclean end the counter jumps, and everything
   * before counts as compacted: what clients have seen of the lost revisions they must list again.
   * @param newest the highest revision of an object; to look for it would read the whole index once more
   */
  start(newest: number): StartState {
    const last = Math.max(
      newest,
      this.#number('SELECT max(revision) FROM log'),
      Number(this.#meta('revision') ?? 0),
      Number(this.#meta('compactedRevision') ?? 0),
    );
    const unclean = this.#meta('state') === 'open';
    const revision = unclean ? last + revisionJump : last;
    this.#database.exec('BEGIN IMMEDIATE');
    if (unclean) {
      this.#database.exec('DELETE FROM log');
      this.#setMeta('compactedRevision', revision);
    }
    this.#setMeta('revision', revision);
    this.#setMeta('state', 'open');
    this.#database.exec('COMMIT');
    return { revision, compactedRevision: Number(this.#meta('compactedRevision') ?? 0) };
  }

  /** In the order of creation, so that owners come before what they own. */
  indexRows(): Iterable<IndexRow> {
    return this.#database
      .prepare('SELECT id, kind, namespace, name, revision, uid, owners, flags FROM objects ORDER BY id')
      .raw()
      .iterate() as Iterable<IndexRow>;
  }

  /** Of the objects of a kind that have any: namespace, name, and the labels as JSON. */
  labelRows(kind: string): Iterable<readonly [namespace: string, name: string, labels: string]> {
    return this.#database
      .prepare('SELECT namespace, name, labels FROM objects WHERE kind = ? AND labels IS NOT NULL')
      .raw()
      .iterate(kind) as Iterable<readonly [string, string, string]>;
  }

  body(id: number): string | undefined {
    return (this.#body.get(id) as [string] | undefined)?.[0];
  }

  /** The log of one kind, after `since` and up to `until`, oldest first. */
  logRows(kind: string, since: number, until: number, limit: number): readonly LogRow[] {
    return this.#log.all(kind, since, until, limit) as unknown as readonly LogRow[];
  }

  close(): void {
    this.#database.close();
  }

  #openSchema(path: string, steps: readonly Migration[]): void {
    const known = schemaVersion(steps);
    if (this.#number("SELECT count(*) FROM sqlite_master WHERE name = 'meta'") === 0) {
      this.#database.exec('BEGIN IMMEDIATE');
      this.#database.exec(schema);
      // New tables begin as the first version's, too.
      for (const sql of steps) this.#database.exec(sql);
      this.#setMeta('schemaVersion', known);
      this.#database.exec('COMMIT');
      return;
    }
    const found = Number(this.#meta('schemaVersion') ?? 1);
    if (found > known) throw new SchemaVersionError(path, found, known);
    if (found < known) migrate(this.#database, path, found, steps);
  }

  #number(sql: string): number {
    const row = this.#database.prepare(sql).raw().get() as unknown as [number | null];
    return row[0] ?? 0;
  }

  #meta(name: string): string | number | undefined {
    const row = this.#database.prepare('SELECT value FROM meta WHERE name = ?').raw().get(name);
    return (row as [string | number] | undefined)?.[0];
  }

  #setMeta(name: string, value: string | number): void {
    this.#database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?,?)').run(name, value);
  }
}
