import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { type AddressInfo, connect as connectSocket, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instancePrefix } from '../../src/node/host/instance.ts';
import { runCommand as run } from '../../src/node/host/run-command.ts';
import { createNetwork, type NetworkOptions } from '../../src/node/network/create-network.ts';
import type { EgressRule } from '../../src/node/network/egress.ts';
import { hardwareAddress } from '../../src/node/network/namespaces.ts';
import type { NetworkProvider, PodNetwork } from '../../src/node/network/network.ts';
import type { Restriction } from '../../src/node/network/restrictions.ts';
import { parseAddress, parseSubnet } from '../../src/resources/ipv4.ts';

const instance = 'e2enet';
const prefix = instancePrefix(instance);
const exec = promisify(execFile);

/** Everything of the machine that a network provider could leave traces in; of other servers' nothing. */
async function machineState() {
  const notOthers = (line: string): boolean => !/kf-(?!e2enet)/i.test(line);
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '' && notOthers(line));
  const [links, addresses, routes, namespaces, rules, mounts] = await Promise.all([
    run('ip', ['-brief', 'link']),
    run('ip', ['-brief', 'address']),
    run('ip', ['route', 'show', 'table', 'all']),
    run('ip', ['netns']),
    run('iptables-save', []),
    readFile('/proc/self/mountinfo', 'utf8'),
  ]);
  const others = /kf-(?!e2enet)/.test(links);
  return {
    links: lines(links),
    addresses: lines(addresses),
    routes: lines(routes).sort(),
    namespaces: lines(namespaces),
    // Without the nft program an empty table stays, which does nothing.
    rules: lines(rules).filter((line) => !/^(#|\*|COMMIT|:[A-Z]+ ACCEPT)/.test(line)),
    // Both belong to all servers together.
    forwarding: others ? 'shared' : await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8'),
    netns: others ? [] : mounts.split('\n').filter((line) => line.includes('/run/netns')),
  };
}

/** Says `open`, an error code, or `timeout`: what a program in the task's network sees. */
const connectScript = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port), localAddress: process.env.FROM });
const say = (text) => { console.log(text); process.exit(); };
socket.setTimeout(700, () => say('timeout'));
socket.on('error', (error) => say(error.code));
socket.on('data', (data) => say(String(data)));
socket.on('connect', () => socket.write('?'));
`;

const within = async (network: PodNetwork, command: string, ...args: string[]): Promise<string> =>
  (await exec('nsenter', [`--net=${network.path}`, command, ...args])).stdout.trim();

const connect = (network: PodNetwork, host: string, port: number): Promise<string> =>
  within(network, process.execPath, '-e', connectScript, host, `${port}`);

/** Answers with the address of whoever connects. */
async function listen(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`open to ${socket.remoteAddress}`);
  });
  server.listen(0, host);
  await once(server, 'listening');
  servers.push(server);
  return { server, port: (server.address() as AddressInfo).port };
}

const servers: Server[] = [];
const networks: NetworkProvider[] = [];
const start = async (options: Partial<NetworkOptions> = {}): Promise<NetworkProvider> => {
  const network = await createNetwork({ instance, poolSize: 2, ...options });
  networks.push(network);
  return network;
};

const before = await machineState();
afterAll(async () => expect(await machineState()).toEqual(before));

describe('what a task reaches', () => {
  let network: NetworkProvider;
  let task: PodNetwork;
  let other: PodNetwork;
  let api: { port: number };

  beforeAll(async () => {
    api = await listen('0.0.0.0');
    network = await start({ deniedHostPorts: [api.port] });
    [task, other] = await Promise.all([network.acquire(), network.acquire()]);
  });
  afterAll(async () => {
    for (const server of servers.splice(0)) server.close();
    await network.close({ all: true });
  });

  it('the host, by its gateway address', async () => {
    const { port } = await listen('0.0.0.0');
    expect(await connect(task, network.hostAddress, port)).toBe(`open to ${task.ip}`);
  });

  it('not what listens on the host’s 127.0.0.1', async () => {
    const { port } = await listen('127.0.0.1');
    expect(await connect(task, '127.0.0.1', port)).toBe('ECONNREFUSED');
    expect(await connect(task, network.hostAddress, port)).toBe('ECONNREFUSED');
  });

  it('not the API server, on any address of the host', async () => {
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const addresses = own.flatMap(({ family, address, internal }) => (family === 'IPv4' && !internal ? [address] : []));
    expect(addresses).toContain(network.hostAddress);
    for (const address of addresses) expect(await connect(task, address, api.port)).toMatch(/ECONNREFUSED|EACCES/);
  });

  it.each(['169.254.169.254', '168.63.129.16', '100.100.100.200', '192.0.0.192'])(
    'not the metadata at %s',
    async (address) => {
      expect(await connect(task, address, 80)).toBe('EACCES');
    },
  );

  it('not tasks of another server on this machine, whichever came first', async () => {
    const second = await createNetwork({ instance: 'e2enet2', poolSize: 1 });
    try {
      const stranger = await second.acquire();
      const script = `require('node:net').createServer(s => s.end('open')).listen(8081, '0.0.0.0', () => console.log('ready'))`;
      const children = [task, stranger].map(({ path }) =>
        execFile('nsenter', [`--net=${path}`, process.execPath, '-e', script]),
      );
      try {
        await Promise.all(children.map((child) => once(child.stdout!, 'data')));
        expect(await connect(task, stranger.ip, 8081)).toBe('ECONNREFUSED');
        expect(await connect(stranger, task.ip, 8081)).toBe('ECONNREFUSED');
      } finally {
        await Promise.all(
          children.map((child) => {
            const exit = once(child, 'exit');
            child.kill('SIGKILL');
            return exit;
          }),
        );
      }
    } finally {
      await second.close({ all: true });
    }
  });

  it('not link-local addresses, with and without the routes inside', async () => {
    const address = '169.254.77.77';
    await run('ip', ['address', 'add', `${address}/32`, 'dev', prefix]);
    const { port } = await listen(address);
    expect(await connect(task, address, port)).toBe('EACCES');
    await within(task, 'ip', 'route', 'delete', 'prohibit', '169.254.0.0/16');
    expect(await connect(task, address, port)).toBe('ECONNREFUSED');
    // Where the host has no way there itself, it says that instead.
    expect(['ECONNREFUSED', 'ENETUNREACH']).toContain(await connect(task, '169.254.169.254', 80));
  });

  it('not another task, by whatever way', async () => {
    const port = 8080;
    const script = `require('node:net').createServer(s => s.end('open')).listen(${port}, () => console.log('ready'))`;
    const child = execFile('nsenter', [`--net=${other.path}`, process.execPath, '-e', script]);
    try {
      await once(child.stdout!, 'data');
      expect(await connect(other, other.ip, port)).toBe('open');
      expect(await connect(task, other.ip, port)).toBe('EACCES');
      const routes = await within(task, 'ip', 'route');
      const subnet = /prohibit (10\S+|172\S+|192\S+|100\S+)/.exec(routes)![1]!;
      await within(task, 'ip', 'route', 'delete', 'prohibit', subnet);
      // Through the host: its firewall refuses.
      expect(await connect(task, other.ip, port)).toBe('ECONNREFUSED');
      // Over the bridge itself: isolated ports pass no frame to one another.
      await within(task, 'ip', 'route', 'add', `${other.ip}/32`, 'dev', 'eth0');
      const neighbour = ['lladdr', hardwareAddress(parseAddress(other.ip)!), 'dev', 'eth0'];
      await within(task, 'ip', 'neighbour', 'add', other.ip, ...neighbour);
      expect(await connect(task, other.ip, port)).toBe('timeout');
    } finally {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
  });

  it('has IPv4 only, no redirects, and may ping and use low ports as anybody', async () => {
    expect(await within(task, 'ip', '-6', 'address')).toBe('');
    expect(await run('ip', ['-6', 'address', 'show', 'dev', prefix])).toBe('');
    const { port } = await listen('::');
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    for (const { address } of own.filter(({ family }) => family === 'IPv6'))
      expect(await connect(task, address, port)).toMatch(/EADDRNOTAVAIL|ENETUNREACH|EAFNOSUPPORT|EINVAL/);
    expect(await within(task, 'cat', '/proc/sys/net/ipv4/conf/eth0/accept_redirects')).toBe('0');
    expect(await within(task, 'cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start')).toBe('0');
    expect((await within(task, 'cat', '/proc/sys/net/ipv4/ping_group_range')).split('\t')).toEqual(['0', '2147483647']);
  });

  it('has the MTU of the way to the outside', async () => {
    const [route] = JSON.parse((await run('ip', ['-json', 'route', 'show', 'default'])) || '[]') as { dev: string }[];
    const expected = route === undefined ? '1500' : await readFile(`/sys/class/net/${route.dev}/mtu`, 'utf8');
    expect(await within(task, 'ip', '-o', 'link', 'show', 'eth0')).toContain(`mtu ${expected.trim()} `);
  });

  it('resolves names where the host does', async (context) => {
    const servers = network.resolvConf.match(/(?<=^nameserver ).*/gm) ?? [];
    const resolver = new Resolver({ timeout: 1000, tries: 2 });
    if (servers.length > 0) resolver.setServers(servers);
    const name = 'registry.npmjs.org';
    const hostResolves = await resolver.resolve4(name).then(
      () => true,
      () => false,
    );
    if (servers.length === 0 || !hostResolves) return context.skip('this host resolves no names');
    const script = `const { Resolver } = require('node:dns').promises; const r = new Resolver();
      r.setServers(${JSON.stringify(servers)}); r.resolve4('${name}').then((a) => console.log(a.length));`;
    expect(Number(await within(task, process.execPath, '-e', script))).toBeGreaterThan(0);
  });
});

describe('what a policy leaves of it', () => {
  let network: NetworkProvider;
  let task: PodNetwork;
  let other: PodNetwork;
  let port: number;
  /** What a question by UDP, as of names, brings. */
  const ask = async (from: PodNetwork): Promise<string> => {
    const script = `const s = require('node:dgram').createSocket('udp4'); const say = (t) => { console.log(t); process.exit(); };
      s.on('error', (e) => say(e.code)); s.on('message', (m) => say(String(m))); setTimeout(() => say('timeout'), 3000);
      s.connect(${answering.address().port}, '${network.hostAddress}', () => s.send('?'));`;
    return within(from, process.execPath, '-e', script);
  };
  const answering = createSocket('udp4');
  const toHost = () => connect(task, network.hostAddress, port);
  const none: Restriction = { hostPorts: [] };
  const only = (...egress: EgressRule[]): Restriction => ({ egress, hostPorts: [] });

  beforeAll(async () => {
    network = await start();
    [task, other] = await Promise.all([network.acquire(), network.acquire()]);
    ({ port } = await listen('0.0.0.0'));
    answering.on('message', (_, from) => answering.send('answer', from.port, from.address));
    await new Promise<void>((resolve) => answering.bind(0, '0.0.0.0', resolve));
  });
  afterAll(async () => {
    answering.close();
    for (const server of servers.splice(0)) server.close();
    await network.close({ all: true });
  });

  it('nothing, names neither; other tasks are as before', async () => {
    await task.restrict(only());
    expect(await toHost()).toBe('ECONNREFUSED');
    // The last on a machine without a way out.
    for (const address of ['192.0.2.1', '169.254.169.254'])
      expect(await connect(task, address, 80)).toMatch(/ECONNREFUSED|EACCES|ENETUNREACH/);
    expect(await ask(task)).toMatch(/ECONNREFUSED|EHOSTUNREACH/);
    expect(await ask(other)).toBe('answer');
    expect(await connect(other, network.hostAddress, port)).toBe(`open to ${other.ip}`);
    await task.restrict(none);
    expect(await toHost()).toBe(`open to ${task.ip}`);
  });

  it('what is allowed by network and port, and nothing beside', async () => {
    const to = parseSubnet(`${network.hostAddress}/32`)!;
    const { port: second } = await listen('0.0.0.0');
    await task.restrict(only({ to, protocol: 'tcp', ports: [port, port] }));
    expect(await toHost()).toBe(`open to ${task.ip}`);
    expect(await connect(task, network.hostAddress, second)).toBe('ECONNREFUSED');
    await task.restrict(only({ to: parseSubnet('192.0.2.0/24')! }));
    expect(await toHost()).toBe('ECONNREFUSED');
    // What is denied to everybody is not opened by a policy.
    await task.restrict(only({ to: parseSubnet('0.0.0.0/0')! }));
    await within(task, 'ip', 'route', 'delete', 'prohibit', '169.254.0.0/16');
    expect(['ECONNREFUSED', 'ENETUNREACH']).toContain(await connect(task, '169.254.169.254', 80));
    await task.restrict(none);
  });

  it('ends connections that are open, and lets the host ask the task', async () => {
    const asked = withResolvers<string>();
    const held = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write('hello'));
    });
    held.listen(0, '0.0.0.0');
    await once(held, 'listening');
    servers.push(held);
    const script = `const s = require('node:net').connect(${(held.address() as AddressInfo).port}, '${network.hostAddress}');
      s.on('data', () => console.log('open')); s.on('error', (e) => { console.log(e.code); process.exit(); });
      s.write('?'); process.stdin.on('data', () => s.write('?'));
      require('node:net').createServer((c) => c.end('answer')).listen(9090);`;
    const child = execFile('nsenter', [`--net=${task.path}`, process.execPath, '-e', script]);
    const exit = once(child, 'exit');
    let said = '';
    child.stdout!.on('data', (data: string) => {
      said += data;
      if (said.includes('open')) asked.resolve(said);
    });
    await asked.promise;
    await task.restrict(only());
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connectSocket({ host: task.ip, port: 9090 });
      socket.on('error', reject).on('data', (data) => resolve(String(data)));
    });
    expect(answer).toBe('answer');
    child.stdin!.write('x');
    await exit;
    expect(said).toMatch(/ECONNRESET|EPIPE|ECONNREFUSED/);
    await task.restrict(none);
  });

  it('outlives the server, and goes with the Pod', async () => {
    await task.restrict(only());
    // The first server is gone without a word.
    const second = await start();
    const adopted = (await second.adopt(task.id))!;
    expect(await toHost()).toBe('ECONNREFUSED');
    await second.sweep(new Set([task.id, other.id]));
    expect(await toHost()).toBe('ECONNREFUSED');
    const rules = async () =>
      (await run('iptables-save', [])).split('\n').filter((line) => line.includes(`-s ${task.ip}/32`));
    expect(await rules()).toHaveLength(1);
    await adopted.restrict(only());
    expect(await rules()).toHaveLength(1);
    await second.sweep(new Set([other.id]));
    expect(await rules()).toHaveLength(1);
    await adopted.release();
    expect(await rules()).toEqual([]);
    expect(await run('iptables-save', [])).not.toMatch(/KF-E2ENET-E-/);
    await second.close({ all: false });
  });
});

describe('ports of the host’s 127.0.0.1', () => {
  let network: NetworkProvider;
  let task: PodNetwork;
  let other: PodNetwork;
  const api: { port: number } = { port: 0 };
  const localnet = () => readFile(`/proc/sys/net/ipv4/conf/${prefix}/route_localnet`, 'utf8');

  beforeAll(async () => {
    api.port = (await listen('127.0.0.1')).port;
    network = await start({ deniedHostPorts: [api.port] });
    [task, other] = await Promise.all([network.acquire(), network.acquire()]);
  });
  afterAll(async () => {
    for (const server of servers.splice(0)) server.close();
    await network.close({ all: true });
  });

  it('answer where they are allowed, as if to the host itself, and nowhere else', async () => {
    const [{ port }, { port: second }] = await Promise.all([listen('127.0.0.1'), listen('127.0.0.1')]);
    expect(await localnet()).toBe('0\n');
    await task.restrict({ hostPorts: [port] });
    expect(await connect(task, network.hostAddress, port)).toBe('open to 127.0.0.1');
    expect(await connect(task, network.hostAddress, second)).toBe('ECONNREFUSED');
    expect(await connect(other, network.hostAddress, port)).toBe('ECONNREFUSED');
    // With nothing else allowed, too.
    await task.restrict({ egress: [], hostPorts: [port] });
    expect(await connect(task, network.hostAddress, port)).toBe('open to 127.0.0.1');
    expect(await connect(task, network.hostAddress, second)).toBe('ECONNREFUSED');
    // The host itself goes on as before.
    expect(await text(connectSocket({ host: '127.0.0.1', port }))).toBe('open to 127.0.0.1');
    await task.restrict({ hostPorts: [] });
    expect(await connect(task, network.hostAddress, port)).toBe('ECONNREFUSED');
    expect(await localnet()).toBe('0\n');
  });

  it('never the API server’s; and 127.0.0.1 cannot be addressed itself, even by a task that may do everything', async () => {
    const { port } = await listen('127.0.0.1');
    await task.restrict({ hostPorts: [port, api.port] });
    expect(await connect(task, network.hostAddress, api.port)).toBe('ECONNREFUSED');
    await within(task, 'ip', 'address', 'delete', '127.0.0.1/8', 'dev', 'lo');
    await within(task, 'ip', 'route', 'delete', 'table', 'local', '127.0.0.0/8', 'dev', 'lo').catch(() => {});
    await within(task, 'ip', 'route', 'add', '127.0.0.1/32', 'via', network.hostAddress, 'dev', 'eth0', 'onlink');
    await within(task, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet');
    expect(await connect(task, '127.0.0.1', port)).toBe('timeout');
    await task.restrict({ hostPorts: [] });
  });
});

describe('the outside', () => {
  /** A machine beyond the host, and the host's address on the line to it. */
  const outside = { name: 'e2enet-outside', address: '198.51.100.2', host: '198.51.100.1' };
  beforeAll(async () => {
    const { name } = outside;
    await run('ip', ['-batch', '-'], {
      input: `netns add ${name}\nlink add e2enet-out type veth peer name eth0 netns ${name}\naddress add ${outside.host}/30 dev e2enet-out\nlink set e2enet-out up\n`,
    });
    await run('ip', ['-netns', name, '-batch', '-'], {
      input: `address add ${outside.address}/30 dev eth0\nlink set eth0 up\nroute add default via ${outside.host}\n`,
    });
  });
  afterAll(async () => {
    await run('ip', ['link', 'delete', 'e2enet-out']);
    await run('ip', ['netns', 'delete', outside.name]);
    // The test made the folder, not the provider.
    if (before.namespaces.length === 0 && before.netns.length === 0 && before.forwarding !== 'shared') {
      await run('umount', ['/run/netns']);
      await run('rmdir', ['/run/netns']);
    }
  });

  it('sees the host’s address, also where everything else is dropped, and cannot come in', async () => {
    const network = await start();
    const task = await network.acquire();
    // As Docker does with its policy, but for our bridge only.
    const drops = ['-i', '-o'].map((side) => ['FORWARD', side, prefix, '-j', 'DROP']);
    for (const drop of drops) await run('iptables', ['--wait', '-A', ...drop]);
    const script = `require('node:net').createServer(s => s.end('open to ' + s.remoteAddress)).listen(8080, '0.0.0.0', () => console.log('ready'))`;
    const children = [`/run/netns/${outside.name}`, task.path].map((path) =>
      execFile('nsenter', [`--net=${path}`, process.execPath, '-e', script]),
    );
    try {
      await Promise.all(children.map((child) => once(child.stdout!, 'data')));
      expect(await connect(task, outside.address, 8080)).toBe(`open to ${outside.host}`);
      const stranger = { path: `/run/netns/${outside.name}` } as PodNetwork;
      expect(await connect(stranger, task.ip, 8080)).toBe('ECONNREFUSED');
    } finally {
      await Promise.all(
        children.map((child) => {
          const exit = once(child, 'exit');
          child.kill('SIGKILL');
          return exit;
        }),
      );
      for (const drop of drops) await run('iptables', ['--wait', '-D', ...drop]);
      await network.close({ all: true });
    }
  });
});

describe('a namespace’s life', () => {
  afterEach(async () => {
    for (const network of networks.splice(0)) await network.close({ all: true });
  });

  it('comes from the pool at once, and is made when the pool is used up', async () => {
    const network = await start({ poolSize: 1 });
    const all = await Promise.all(Array.from({ length: 6 }, () => network.acquire()));
    expect(new Set(all.map(({ ip }) => ip)).size).toBe(6);
    expect(new Set(all.map(({ id }) => id)).size).toBe(6);
    for (const { path } of all) expect((await stat(path)).isFile()).toBe(true);
    await Promise.all(all.map((one) => one.release()));
    const names = await run('ip', ['netns']);
    for (const { id } of all) expect(names).not.toContain(id);
    // A second release is nothing.
    await all[0]!.release();
  });

  it('survives the server: adopted by id, everything else swept', async () => {
    const first = await start();
    const [kept, lost] = await Promise.all([first.acquire(), first.acquire()]);
    // The first server is gone without a word; its pool is left behind.
    networks.splice(0);
    const second = await start();
    expect(second.hostAddress).toBe(first.hostAddress);
    const adopted = await second.adopt(kept.id);
    expect(adopted).toMatchObject({ id: kept.id, path: kept.path, ip: kept.ip });
    const fresh = await second.acquire();
    expect([kept.ip, lost.ip]).not.toContain(fresh.ip);
    await second.sweep(new Set([kept.id]));
    expect(await second.adopt(lost.id)).toBeUndefined();
    expect(await second.adopt(`${prefix}-nope`)).toBeUndefined();
    expect(await second.adopt('../../etc')).toBeUndefined();
    const { port } = await listen('0.0.0.0');
    for (const one of [adopted!, fresh]) expect(await connect(one, second.hostAddress, port)).toBe(`open to ${one.ip}`);
    for (const server of servers.splice(0)) server.close();
    await adopted!.release();
    expect(await second.adopt(kept.id)).toBeUndefined();
    await first.close({ all: false });
  });

  it('goes on when the server closes, until everything is closed', async () => {
    const first = await start();
    const kept = await first.acquire();
    await first.close({ all: false });
    networks.splice(0);
    const second = await start();
    expect((await second.adopt(kept.id))?.ip).toBe(kept.ip);
  });

  it('starts over the rest of a start that was cut short', async () => {
    await run('ip', ['link', 'add', prefix, 'type', 'bridge']);
    const network = await start();
    const task = await network.acquire();
    const { port } = await listen('0.0.0.0');
    expect(await connect(task, network.hostAddress, port)).toBe(`open to ${task.ip}`);
    for (const server of servers.splice(0)) server.close();
  });

  it('sweeps what a start that was cut short left of a namespace', async () => {
    const network = await start();
    const task = await network.acquire();
    await run('ip', ['netns', 'add', `${prefix}-half`]);
    await run('ip', ['link', 'add', `${prefix}-odd`, 'type', 'veth', 'peer', 'name', 'e2enet-odd']);
    await run('touch', [`/run/netns/${prefix}-file`]);
    await network.sweep(new Set());
    const [names, links] = await Promise.all([run('ip', ['netns']), run('ip', ['-brief', 'link'])]);
    for (const rest of ['half', 'odd', 'file']) expect(names + links).not.toContain(`${prefix}-${rest}`);
    // What this server has in hand is not swept.
    expect(names).toContain(task.id);
  });

  it('puts back rules that somebody flushed', async () => {
    let now = 0;
    const warned = withResolvers<string>();
    const network = await start({
      clock: { now: () => now, after: () => ({ cancel: () => {} }) },
      onWarning: (text) => text.includes('firewall') && warned.resolve(text),
    });
    const rules = async () => (await run('iptables-save', [])).split('\n').filter((line) => line.includes('KF-E2ENET'));
    const complete = await rules();
    await run('iptables', ['--wait', '-F', 'KF-E2ENET-FORWARD']);
    await run('iptables', ['--wait', '-D', 'INPUT', '-j', 'KF-E2ENET-INPUT']);
    now = 31_000;
    await (await network.acquire()).release();
    expect(await warned.promise).toContain('put back');
    expect(await rules()).toEqual(complete);
  });

  it('costs a Pod without a policy no program; looks after the rules of one that has', async () => {
    let now = 0;
    let check: (() => void) | undefined;
    const programs: string[] = [];
    const warned = withResolvers<string>();
    const network = await start({
      clock: {
        now: () => now,
        after: (_, fire) => {
          check = fire;
          return { cancel: () => {} };
        },
      },
      run: (command, args, options) => {
        programs.push(command);
        return run(command, args, options);
      },
      onWarning: (text) => text.includes('firewall') && warned.resolve(text),
    });
    const task = await network.acquire();
    const before = programs.filter((program) => program.startsWith('iptables'));
    await task.restrict({ hostPorts: [] });
    expect(programs.filter((program) => program.startsWith('iptables'))).toEqual(before);
    expect(check).toBeUndefined();
    await task.restrict({ egress: [], hostPorts: [] });
    expect(programs.filter((program) => program.startsWith('iptables'))).toEqual([...before, 'iptables-restore']);
    const rules = async () => (await run('iptables-save', [])).split('\n').filter((line) => line.includes('KF-E2ENET'));
    const complete = await rules();
    await run('iptables', ['--wait', '-F', 'KF-E2ENET-E']);
    now = 31_000;
    check?.();
    await warned.promise;
    expect(await rules()).toEqual(complete);
  });

  it('lets Pods without a policy pass while the firewall refuses changes', async () => {
    let broken = false;
    const network = await start({
      run: (command, args, options) =>
        broken && command === 'iptables-restore' ? Promise.reject(new Error('refused')) : run(command, args, options),
    });
    const [task, other] = await Promise.all([network.acquire(), network.acquire()]);
    broken = true;
    await expect(task.restrict({ egress: [], hostPorts: [] })).rejects.toThrow('refused');
    await expect(task.restrict({ egress: [], hostPorts: [] })).rejects.toThrow('refused');
    await other.restrict({ hostPorts: [] });
    broken = false;
    await task.restrict({ egress: [], hostPorts: [] });
    expect(await run('iptables-save', [])).toContain(`-A KF-E2ENET-E -s ${task.ip}/32`);
    broken = true;
    await task.release();
    broken = false;
    await other.restrict({ egress: [], hostPorts: [] });
    expect(await run('iptables-save', [])).not.toContain(`-s ${task.ip}/32`);
  });

  it('keeps a subnet that was chosen, and refuses what is none', async () => {
    const network = await start({ subnet: '10.213.7.0/24' });
    expect(network.hostAddress).toBe('10.213.7.1');
    await expect(createNetwork({ instance: 'e2enet2', subnet: '10.0.0.0/31' })).rejects.toThrow('subnet 10.0.0.0/31');
    await expect(createNetwork({ instance: 'e2enet2', subnet: 'x' })).rejects.toThrow('subnet x');
  });

  it('tells who asks when a namespace cannot be made, and leaves nothing of it', async () => {
    let broken = false;
    const network = await start({
      poolSize: 0,
      run: (command, args, options) =>
        broken && command === 'sh' ? Promise.reject(new Error('no more')) : run(command, args, options),
    });
    broken = true;
    await expect(network.acquire()).rejects.toThrow('no more');
    broken = false;
    const task = await network.acquire();
    expect((await run('ip', ['netns'])).match(/kf-e2enet-/g)).toHaveLength(1);
    await task.release();
  });
});

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
