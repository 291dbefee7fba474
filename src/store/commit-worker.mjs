/**
 * The thread that commits: one message is one SQLite transaction, answered once it is on disk. Plain JavaScript, so that
 * the same file runs from sources, from the bundle and under the test runner. Every statement may be repeated: a batch
 * whose answer was lost is sent again.
 *
 * @typedef {import('./commit-queue.ts').Write} Write
 * @typedef {import('./commit-queue.ts').WorkerRequest} WorkerRequest
 */

import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';

const database = new Database(workerData.path);
database.exec('PRAGMA synchronous = FULL');
database.exec('PRAGMA journal_size_limit = 16777216');

const putIndex = database.prepare(
  'INSERT OR REPLACE INTO objects (id, kind, namespace, name, revision, uid, owners, labels, flags) VALUES (?,?,?,?,?,?,?,?,?)',
);
const putBody = database.prepare('INSERT OR REPLACE INTO bodies (id, body) VALUES (?,?)');
const dropIndex = database.prepare('DELETE FROM objects WHERE id = ?');
const dropBody = database.prepare('DELETE FROM bodies WHERE id = ?');
const log = database.prepare('INSERT OR REPLACE INTO log (revision, kind, type, before, body) VALUES (?,?,?,?,?)');
const compact = database.prepare('DELETE FROM log WHERE revision <= ?');
const setMeta = database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?,?)');
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** @param {readonly Write[]} writes */
function apply(writes) {
  // Only an object's last state in the batch reaches the object tables; the log gets every one.
  const last = new Map(writes.map((write, index) => [write.id, index]));
  for (const [index, write] of writes.entries()) {
    log.run(write.revision, write.kind, write.type, write.before, write.body);
    if (last.get(write.id) !== index) continue;
    if (write.type === 'DELETED') {
      dropIndex.run(write.id);
      dropBody.run(write.id);
    } else {
      const { id, kind, namespace, name, revision, uid, owners, labels, flags } = write;
      putIndex.run(id, kind, namespace, name, revision, uid, owners, labels, flags);
      putBody.run(id, write.body);
    }
  }
}

/** @param {() => void} body */
function transaction(body) {
  database.exec('BEGIN IMMEDIATE');
  try {
    body();
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Everything into the one file. All is durable already, so a full disk is no error here. */
function foldJournal() {
  try {
    database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().get();
  } catch {
    // The next start finds it in the journal.
  }
}

/** @param {WorkerRequest} request */
function perform(request) {
  if (request.type === 'commit') {
    transaction(() => apply(request.writes));
    if (workerData.flushDelayMs > 0) Atomics.wait(sleeper, 0, 0, workerData.flushDelayMs);
  } else if (request.type === 'compact') {
    transaction(() => {
      compact.run(request.revision);
      setMeta.run('compactedRevision', request.revision);
    });
  } else {
    transaction(() => {
      setMeta.run('revision', request.revision);
      setMeta.run('state', 'closed');
    });
    foldJournal();
    database.close();
  }
}

parentPort?.on('message', (/** @type {WorkerRequest} */ request) => {
  try {
    perform(request);
    parentPort?.postMessage({ request: request.number });
  } catch (error) {
    const { code, message } = /** @type {{ code?: string, message: string }} */ (error);
    parentPort?.postMessage({ request: request.number, error: { code, message } });
  }
});
