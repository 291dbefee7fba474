/** A connection to a port in a Pod's network. */

import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex, type Readable, type Writable } from 'node:stream';
import type { Pod } from '../../resources/core/pod.ts';
import { errorCode } from '../../resources/errors.ts';
import type { NodeContext } from '../context.ts';
import { spawnProgram } from '../host/spawn-program.ts';
import { runningContainers } from '../pods/containers/running-container.ts';

/** @throws Error of the system */
export async function connectTo({ layout }: Pick<NodeContext, 'layout'>, pod: Pod, port: number): Promise<Duplex> {
  const socket = connect({ host: pod.status?.podIP ?? '', port, allowHalfOpen: true });
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    if (errorCode(error) !== 'ECONNREFUSED') throw error;
    const network = networkOf(layout, pod.metadata.uid!);
    if (network === undefined) throw error;
    // What listens on localhost only is reached from inside.
    return fromInside(network, port);
  }
}

function networkOf(layout: NodeContext['layout'], uid: string): string | undefined {
  const [container] = runningContainers(layout, uid);
  return container?.spec.linux.namespaces.find(({ type }) => type === 'network')?.path;
}

/** Says a line when it is connected; ends when either side does. */
const copying = `
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
echo
{ cat <&3; kill $$; } &
exec cat >&3`;

/** @throws Error when nobody listens there either */
async function fromInside(network: string, port: number): Promise<Duplex> {
  const child = spawnProgram('nsenter', [`--net=${network}`, 'bash', '-c', copying, 'bash', String(port)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
    detached: true,
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  await connected(child, port);
  const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  duplex.once('close', () => killGroup(child.pid));
  return duplex;
}

async function connected(child: ChildProcessByStdio<Writable, Readable, null>, port: number): Promise<void> {
  const [first] = await Promise.race([once(child.stdout, 'readable'), once(child, 'close').then(() => ['ended'])]);
  if (first === undefined && child.stdout.read(1) !== null) return;
  killGroup(child.pid);
  throw new Error(`nothing listens on port ${port} of the Pod`);
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
