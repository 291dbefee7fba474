import { beforeEach, expect, test } from 'vitest';
import type { RunCommand } from '../../../src/node/host/run-command.ts';
import { ClosedPorts } from '../../../src/node/network/closed-ports.ts';

/** The rules of each network, as iptables keeps them. */
let kernel: Map<string, string>;
let programs: string[];
beforeEach(() => {
  kernel = new Map();
  programs = [];
});

const run: RunCommand = async (_command, [net = '', program = ''], options) => {
  programs.push(program);
  if (program === 'iptables-restore') kernel.set(net, options?.input ?? '');
  return kernel.get(net) ?? '';
};
const server = () =>
  new ClosedPorts({
    run,
    gateway: '10.0.0.1',
    onWarning: (text) => {
      throw new Error(text);
    },
  });
const path = '/run/netns/kf-1';
const closed = () =>
  [...(kernel.get(`--net=${path}`) ?? '').matchAll(/--dport (\d+)/g)].map(([, port]) => Number(port));

test('what was allowed and is no more is closed; networks without such ports cost nothing', async () => {
  const ports = server();
  await ports.follow(path, []);
  expect(programs).toEqual([]);
  await ports.follow(path, [5432, 6379]);
  expect(closed()).toEqual([]);
  await ports.follow(path, [5432]);
  expect(closed()).toEqual([6379]);
});

test('the next server closes what its predecessor allowed', async () => {
  await server().follow(path, [5432]);
  const next = server();
  next.adopt(path, [5432]);
  await next.follow(path, [5432]);
  expect(closed()).toEqual([]);
  await next.follow(path, []);
  expect(closed()).toEqual([5432]);
});

test('the next server keeps closed what its predecessor closed, and opens it again when that is allowed', async () => {
  const first = server();
  await first.follow(path, [5432, 6379, 7000]);
  await first.follow(path, [6379, 7000]);
  const next = server();
  next.adopt(path, [6379, 7000]);
  await next.follow(path, [7000]);
  expect(closed()).toEqual([5432, 6379]);
  await next.follow(path, [5432, 7000]);
  expect(closed()).toEqual([6379]);
  const last = server();
  last.adopt(path, []);
  await last.follow(path, [6379]);
  expect(closed()).toEqual([]);
});

test('an adopted network without such ports costs nothing', async () => {
  const next = server();
  next.adopt(path, []);
  await next.follow(path, []);
  expect(programs).toEqual([]);
});
