/**
 * Keeps V8's compiled code of the command line in `dist/kf.cjs.cache`, for versions of Node that do not do so by
 * themselves: parsing takes a quarter of a short command's time. The program runs once against a server of one answer,
 * so that what `kf tasks` needs is compiled. V8 refuses the file in another version; bin/kf then does without.
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs in a process of its own: argv is the program and its arguments. */
const recorder = `
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname } = require('node:path');
const { Script } = require('node:vm');
const program = process.argv[1];
const text = \`(function (exports, require, module, __filename, __dirname) {\${readFileSync(program, 'utf8')}\\n})\`;
const script = new Script(text, { filename: program });
process.on('exit', () => {
  writeFileSync(program + '.cache.new', script.createCachedData());
  renameSync(program + '.cache.new', program + '.cache');
});
const own = { exports: {} };
script.runInThisContext()(own.exports, createRequire(program), own, program, dirname(program));
`;

const row = (name) => ({
  cells: [name, 1, name, '1s', '10ms', 'True', null],
  object: { kind: 'PartialObjectMetadata', metadata: { name, labels: {}, creationTimestamp: '2026-01-01T00:00:00Z' } },
});
const columns = ['Name', 'ID', 'DisplayName', 'Age', 'Duration', 'Succeeded', 'Reason'];
const table = {
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  metadata: {},
  columnDefinitions: columns.map((name) => ({ name, type: 'string', priority: 0 })),
  rows: [row('a'), row('b')],
};

/** @param {string} program path of the bundle */
export async function keepCompiledCode(program) {
  if (module.enableCompileCache !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'kf-build-'));
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(table));
  });
  try {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const kubeconfig = join(folder, 'kubeconfig');
    const cluster = { server: `http://127.0.0.1:${server.address().port}` };
    const config = {
      'current-context': 'build',
      contexts: [{ name: 'build', context: { cluster: 'build', user: 'build' } }],
      clusters: [{ name: 'build', cluster }],
      users: [{ name: 'build', user: {} }],
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    const env = { PATH: process.env.PATH, HOME: folder };
    const argv = ['-e', recorder, program, 'tasks', '--space', 'dev', '--kubeconfig', kubeconfig];
    await run(process.execPath, argv, { env, timeout: 20_000 });
  } catch (error) {
    // A command is a little slower then, and that is all.
    console.warn(`kept no compiled code: ${error.message}`);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
