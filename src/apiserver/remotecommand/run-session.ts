/** Joins a client's streams to a command's, and tells the client how it ended. */

import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ExecProcess } from '../../client/containers.ts';
import { statusOfExit, statusOfRefusal } from './exec-status.ts';
import type { RemoteStreams } from './remote-streams.ts';

/** Resolves when the command has ended and the client knows. Never rejects. */
export async function runSession(client: RemoteStreams, start: () => ExecProcess): Promise<void> {
  let command: ExecProcess;
  try {
    command = start();
  } catch (error) {
    return client.finish(statusOfRefusal(error));
  }
  const end = (): void => command.end();
  client.gone.addEventListener('abort', end, { once: true });
  if (client.gone.aborted) end();
  client.onResize((size) => command.resize(size));
  if (client.stdin !== undefined) feed(client.stdin, command.stdin);
  const copies = [copy(command.stdout, client.stdout), copy(command.stderr, client.stderr)];
  const ended = await command.exitCode.then(statusOfExit, statusOfRefusal);
  await Promise.all(copies);
  client.gone.removeEventListener('abort', end);
  if (!client.gone.aborted) await client.finish(ended);
}

/** What a command does not read, or no more, is thrown away, so that the connection goes on. */
function feed(from: Readable, to: Writable | undefined): void {
  if (to === undefined) {
    from.resume();
    return;
  }
  const discard = (): void => {
    from.unpipe(to);
    from.resume();
  };
  to.once('error', discard).once('close', discard);
  from.pipe(to);
}

/** As fast as the client takes it. Resolves at the end of the output, or when the client has gone. */
async function copy(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (from === undefined) return;
  if (to === undefined) from.resume();
  else {
    to.once('error', () => from.resume()).once('close', () => from.resume());
    from.pipe(to, { end: false });
  }
  await finished(from, { writable: false }).catch(() => {});
  if (to !== undefined && !to.destroyed) await new Promise<void>((resolve) => to.end(resolve));
}
