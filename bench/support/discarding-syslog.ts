/** A syslog receiver in a process of its own that takes everything as fast as it comes, and keeps nothing. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Workspace } from './workspace.ts';

/** Reads to each connection's end and closes it. */
const program = `
const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume());
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** Its port. */
export async function discardingSyslog(workspace: Workspace): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  workspace.onEnd(() => void child.kill());
  const [data] = (await once(child.stdout!, 'data')) as [Buffer];
  return Number(data.toString());
}
