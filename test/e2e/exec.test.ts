/** Commands in running containers, by real kubectl over each protocol that it speaks, and by a WebSocket of our own. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { loadKubeconfig } from '../../src/client/http/kubeconfig.ts';
import { inChroot } from '../support/chroot.ts';
import { Kf } from '../support/kf.ts';
import { Kubectl, protocols, startProgram } from '../support/kubectl.ts';
import { processes } from '../support/processes.ts';

let kf: Kf;
let kubectl: Kubectl;
let pod: string;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('app', { 'a.txt': 'pushed' });
  kubectl = Kubectl.of(kf, 'dev');
  pod = await runningPod('mkfifo end; read line <end');
});
afterAll(() => kf.remove());

/** Of a Task that runs on. */
async function runningPod(command: string): Promise<string> {
  const { stdout } = await kf.ok('run-task', 'app', '-c', command, '-o', 'name');
  const task = stdout.trim().split('/')[1]!;
  const args = ['get', 'pods', '-l', `kf.dev/task=${task}`, '--field-selector=status.phase=Running', '-o', 'name'];
  for (;;) {
    const name = (await kubectl.run(args)).stdout.toString().trim();
    if (name !== '') return name;
  }
}

/** This machine's processes that have a word, but for those that ask for it. */
const withWord = (word: string) => processes().filter(({ args }) => args.includes(word) && !args.includes('exec'));

test.runIf(inChroot())('out of a chroot nothing enters a container, which is said', async () => {
  const { code, stderr } = await kubectl.run(['exec', pod, '--', 'true']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('the server runs in a chroot')]);
});

test('kubectl top shows what a container and the machine take', async () => {
  const name = pod.split('/')[1]!;
  const ofPod = await kubectl.run(['top', 'pod', name, '--containers']);
  expect(ofPod.stdout.toString()).toMatch(new RegExp(`^${name} +step-user-container +\\d+m +\\d+Mi *$`, 'm'));
  expect((await kubectl.run(['top', 'node'])).stdout.toString()).toMatch(/^\S+ +\d+m +\d+% +\d+Mi +\d+% *$/m);
});

describe.skipIf(inChroot()).each(protocols)('kubectl over $name', (protocol) => {
  const exec = (...args: readonly string[]) => kubectl.over(protocol).run(['exec', pod, ...args]);

  test('is the Task’s own user, in its folder, with its environment; output and exit code are the command’s', async () => {
    const line = 'id -u; pwd; cat a.txt; echo " $KF_TASK_ID $0" >&2; exit 7';
    const { code, stdout, stderr } = await exec('--', 'sh', '-c', line, "it's");
    expect([code, stdout.toString()]).toEqual([7, '2000\n/home/vcap/app\npushed']);
    expect(stderr).toMatch(/^ \d+ it's\ncommand terminated with exit code 7\n$/);
  });

  test('megabytes both ways, byte for byte', async () => {
    const bytes = randomBytes(6 << 20);
    const { code, stdout } = await kubectl.over(protocol).run(['exec', '-i', pod, '--', 'cat'], bytes);
    expect(code).toBe(0);
    expect(stdout.equals(bytes)).toBe(true);
  });

  test('a terminal of the client’s size', async () => {
    const inside = 'until [ "$(stty size)" = "33 99" ]; do sleep 0.05; done; tty; exit 3';
    const words = kubectl.over(protocol).words(['exec', '-it', pod, '--', 'sh', '-c', inside]);
    const line = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const args = ['-qefc', `stty rows 33 cols 99; ${line}`, '/dev/null'];
    const { child, ended, until } = startProgram('script', args, { ...kf.env, ...protocol.env });
    await until('/dev/pts/');
    child.stdin.end();
    expect((await ended).code).toBe(3);
  });

  test('what cannot be run is told in Kubernetes’ words', async () => {
    const told: readonly [args: readonly string[], words: RegExp][] = [
      // runc, crun
      [['--', 'nosuch'], /executable file (`nosuch` )?not found/],
      [['-c', 'other', '--', 'true'], /container other/],
    ];
    for (const [args, words] of told) {
      const { code, stderr } = await exec(...args);
      expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
    }
  });

  test('it goes with a client that is killed', async () => {
    const mark = `1000.${protocol.name.length}${process.pid}`;
    const { child, until } = kubectl
      .over(protocol)
      .start(['exec', pod, '--', 'sh', '-c', `echo up; sleep ${mark}; true`]);
    await until('up');
    await expect.poll(() => withWord(mark)).toHaveLength(1);
    child.kill('SIGKILL');
    await expect.poll(() => withWord(mark)).toEqual([]);
  });
});

test.skipIf(inChroot())('over a WebSocket of our own: output, errors, exit code, terminal and its sizes', async () => {
  const { server, ca, token } = await loadKubeconfig({ path: join(kf.dataDir, 'kubeconfig') });
  const connect = (query: string) => {
    const path = `${server.replace('https', 'wss')}/api/v1/namespaces/dev/pods/${pod.replace('pod/', '')}/exec?${query}`;
    const socket = new WebSocket(path, 'v5.channel.k8s.io', { ca, headers: { Authorization: `Bearer ${token}` } });
    const output = ['', '', '', ''];
    socket.on('message', (data: Buffer) => {
      output[data[0]!] += data.toString('utf8', 1);
    });
    return { socket, output, closed: once(socket, 'close') };
  };
  const plain = connect('command=sh&command=-c&command=cat;echo%20bad%20>%262;exit%204&stdin=1&stdout=1&stderr=1');
  await once(plain.socket, 'open');
  // There is no terminal whose size it could be.
  plain.socket.send(Buffer.from('\x04{"Width":80,"Height":24}'));
  plain.socket.send(Buffer.from('\0given'));
  plain.socket.send(Buffer.of(255, 0));
  await plain.closed;
  expect(plain.output.slice(1, 3)).toEqual(['given', 'bad\n']);
  expect(JSON.parse(plain.output[3]!)).toMatchObject({ details: { causes: [{ message: '4' }] } });

  const line = 'trap "stty size; exit 5" WINCH; echo $TERM ready; while :; do sleep 0.05; done';
  const terminal = connect(`command=sh&command=-c&command=${encodeURIComponent(line)}&stdin=1&stdout=1&tty=1`);
  await expect.poll(() => terminal.output[1]).toContain('xterm ready');
  terminal.socket.send(Buffer.from('\x04{"Width":81,"Height":25}'));
  await terminal.closed;
  expect(terminal.output[1]).toMatch(/^xterm ready\r\n25 81\r\n$/);
  expect(JSON.parse(terminal.output[3]!)).toMatchObject({ details: { causes: [{ message: '5' }] } });
});

test.skipIf(inChroot())('it goes with a server that is stopped', async () => {
  const mark = `1000.8${process.pid}`;
  const { ended, until } = kubectl.start(['exec', pod, '--', 'sh', '-c', `trap "" HUP; echo up; sleep ${mark}; true`]);
  await until('up');
  await expect.poll(() => withWord(mark)).toHaveLength(1);
  await kf.ok('server', 'stop');
  await ended;
  await expect.poll(() => withWord(mark)).toEqual([]);
  await kf.ok('server', 'start');
});

test.skipIf(inChroot())(
  'what a killed server leaves goes with the next one’s start; what is left, with the container',
  async () => {
    const mark = `1000.7${process.pid}`;
    const left = kubectl.start(['exec', pod, '--', 'sh', '-c', `trap "" HUP; echo up; sleep ${mark}; true`]);
    await left.until('up');
    await kf.killServer();
    await left.ended;
    await kf.ok('tasks', 'app');
    await expect.poll(() => withWord(mark)).toEqual([]);

    const last = kubectl.start(['exec', pod, '--', 'sh', '-c', 'echo up; sleep 1000']);
    await last.until('up');
    // The container takes it along when its own command is the quicker one.
    expect([0, 137]).toContain((await kubectl.run(['exec', pod, '--', 'sh', '-c', 'echo >end'])).code);
    expect(await last.ended).toMatchObject({ code: 137, stderr: expect.stringContaining('exit code 137') });
    await expect
      .poll(async () => (await kubectl.run(['exec', pod, '--', 'true'])).stderr)
      .toContain('cannot exec into a container in a completed pod');
  },
);

test('ports of a Pod, also those of its own localhost', async () => {
  const serve = 'python3 -u -m http.server 8081 & exec python3 -u -m http.server 8082 --bind 127.0.0.1';
  const serving = await runningPod(serve);
  const log = async () => (await kubectl.run(['logs', serving])).stdout.toString();
  // kubectl gives up with the first connection that is refused.
  await expect.poll(log).toMatch(/Serving HTTP on .*Serving HTTP on /s);
  const { child, ended, until, output } = kubectl.start(['port-forward', serving, ':8081', ':8082', ':8083']);
  await until('-> 8083');
  const printed = output();
  const portOf = (port: number): string => new RegExp(`127.0.0.1:(\\d+) -> ${port}`).exec(printed)![1]!;
  for (const port of [8081, 8082]) expect(await page(portOf(port))).toContain('<a href="a.txt">a.txt</a>');
  await expect(page(portOf(8083))).rejects.toThrow();
  child.kill();
  expect((await ended).stderr).toContain('nothing listens on port 8083 of the Pod');
});

const page = async (port: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
