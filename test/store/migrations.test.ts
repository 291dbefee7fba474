import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { Task } from '../../src/resources/kf/task.ts';
import { StoreDatabase } from '../../src/store/database.ts';
import { migrations, SchemaVersionError, schemaVersion } from '../../src/store/migrations.ts';
import { kindKeyOf } from '../../src/store/object-store.ts';
import { openStore, temporaryPath } from './fixtures/temporary-store.ts';

const tasks = kindKeyOf(Task);
const firstVersion = fileURLToPath(new URL('./fixtures/schema-1.sql', import.meta.url));
/** What releases to come may do: change tables, reach into bodies. */
const steps = [
  'ALTER TABLE objects ADD COLUMN shard INTEGER NOT NULL DEFAULT 7',
  `UPDATE bodies SET body = json_set(body, '$.spec.moved', json_extract(body, '$.spec.command'))
     WHERE id IN (SELECT id FROM objects WHERE kind = '${tasks}')`,
];

/** A store of version 1: a Task runs, and its server was killed. */
function oldStore(): string {
  const path = temporaryPath();
  const database = new Database(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec(readFileSync(firstVersion, 'utf8'));
  database.close();
  return path;
}

function rows(path: string, sql: string): readonly (readonly unknown[])[] {
  const database = new Database(path);
  try {
    return database.prepare(sql).raw().all() as unknown as readonly (readonly unknown[])[];
  } finally {
    database.close();
  }
}
const versionOf = (path: string) => rows(path, "SELECT value FROM meta WHERE name = 'schemaVersion'")[0]?.[0];

test('this code opens the first version’s store: the running Task is there, as it was', () => {
  const store = openStore(oldStore());
  const [entry] = [...store.index.entries(tasks)];
  expect(store.read(entry!)).toMatchObject({
    spec: { command: 'sleep 900', displayName: 'long' },
    status: { conditions: expect.arrayContaining([expect.objectContaining({ status: 'Unknown', reason: 'Running' })]) },
  });
});

test('steps are taken once, in order, and the store as it was is kept beside it', () => {
  const path = oldStore();
  new StoreDatabase(path, steps.slice(0, 1)).close();
  expect(versionOf(path)).toBe(2);
  expect(versionOf(`${path}.schema-1`)).toBe(1);
  expect(statSync(`${path}.schema-1`).mode & 0o077).toBe(0);
  const database = new StoreDatabase(path, steps);
  const [task] = [...database.indexRows()].filter(([, kind]) => kind === tasks);
  expect(JSON.parse(database.body(task![0])!)).toMatchObject({ spec: { moved: 'sleep 900' } });
  database.close();
  expect(versionOf(`${path}.schema-2`)).toBe(2);
  new StoreDatabase(path, steps).close();
  expect(rows(path, 'SELECT DISTINCT shard FROM objects')).toEqual([[7]]);
});

test('a step that fails leaves the store as it was, says so, and older code goes on with it', () => {
  const path = oldStore();
  const before = rows(path, 'SELECT id, body FROM bodies');
  expect(() => new StoreDatabase(path, [...steps, 'DROP TABLE missing'])).toThrow(
    `${path} cannot be brought from schema 1 to 4, and stays as it was: no such table: missing`,
  );
  expect(versionOf(path)).toBe(1);
  expect(rows(path, 'SELECT id, body FROM bodies')).toEqual(before);
  openStore(path);
});

test('older code refuses a newer store and changes nothing', () => {
  const path = oldStore();
  new StoreDatabase(path, steps).close();
  expect(() => new StoreDatabase(path)).toThrow(SchemaVersionError);
  expect(versionOf(path)).toBe(3);
});

test('a new store has the newest tables, and needs no copy', () => {
  const path = temporaryPath();
  new StoreDatabase(path, steps).close();
  expect(versionOf(path)).toBe(3);
  expect(rows(path, 'SELECT shard FROM objects')).toEqual([]);
  expect(existsSync(`${path}.schema-1`)).toBe(false);
  const real = temporaryPath();
  new StoreDatabase(real).close();
  expect(versionOf(real)).toBe(schemaVersion(migrations));
});
