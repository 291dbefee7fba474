import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceManager } from '../../src/embedded/service-manager.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-notify-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What systemd does with its socket: prints what it is told, a line a message; a barrier is closed once it is read. */
const listener = `
import os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
print("listening", flush=True)
while True:
    data, descriptors, _, _ = socket.recv_fds(server, 4096, 4)
    print(data.decode().replace("\\n", " "), flush=True)
    for descriptor in descriptors: os.close(descriptor)
`;

test('systemd is told when the server answers and when it ends; nobody else learns of the socket', async () => {
  const socket = join(folder, 'notify');
  const child = spawn('python3', ['-c', listener, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value as string;
  try {
    expect(await next()).toBe('listening');
    const env: NodeJS.ProcessEnv = { NOTIFY_SOCKET: socket, HOME: '/root' };
    const logged: string[] = [];
    const manager = serviceManager(env, (message) => logged.push(message));
    expect(env).toEqual({ HOME: '/root' });
    const said = Promise.all([next(), next()]);
    await manager.ready('answers at https://127.0.0.1:6786');
    expect(await said).toEqual(['READY=1 STATUS=answers at https://127.0.0.1:6786', 'BARRIER=1']);
    const ending = Promise.all([next(), next()]);
    await manager.stopping();
    expect((await ending)[0]).toMatch(/^STATUS=ending; tasks go on STOPPING=1|^STOPPING=1 STATUS=ending; tasks go on/);
    expect(logged).toEqual([]);
  } finally {
    child.kill();
  }
});

test('without systemd nothing is run; a message that cannot be sent is only logged', async () => {
  const run = (): never => {
    throw new Error('nobody asked for this');
  };
  await serviceManager({}, run, run).ready('');
  const logged: string[] = [];
  await serviceManager({ NOTIFY_SOCKET: join(folder, 'nobody') }, (message) => logged.push(message)).ready('');
  expect(logged).toEqual(['systemd cannot be told how the server is']);
});
