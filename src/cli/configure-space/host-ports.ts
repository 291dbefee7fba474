/** Ports of the host's 127.0.0.1 that the Tasks of a Space reach. */

import type { SpaceSpec } from '../../resources/kf/space-spec.ts';
import type { CommandFile } from '../command.ts';
import { setting } from './setting.ts';

/** `5432` or `5432,6379`. */
function portsOf(text: string): readonly number[] {
  return text.split(',').map((part) => {
    const port = /^\d{1,5}$/.test(part.trim()) ? Number(part) : 0;
    if (port < 1 || port > 65535) throw new Error(`${JSON.stringify(part)} is no port: it must be from 1 to 65535`);
    return port;
  });
}

function withPorts(spec: SpaceSpec, change: (ports: readonly number[]) => readonly number[]): SpaceSpec {
  const allowedHostPorts = [...new Set(change(spec.taskConfig?.allowedHostPorts ?? []))].sort((a, b) => a - b);
  return { ...spec, taskConfig: { ...spec.taskConfig, allowedHostPorts } };
}

export const hostPorts: readonly CommandFile[] = [
  setting({
    name: 'allow-host-port',
    values: ['PORT[,PORT]'],
    summary: 'Let Tasks reach a TCP port that listens on 127.0.0.1 of the host, as host.kf.internal:PORT',
    details:
      'What listens there sees connections from 127.0.0.1. Services that listen on all addresses of the host are ' +
      'reached without this.',
    examples: ['kf configure-space allow-host-port 5432', 'kf configure-space allow-host-port dev 5432,6379'],
    change: (spec, [ports]) => withPorts(spec, (before) => [...before, ...portsOf(ports!)]),
  }),
  setting({
    name: 'deny-host-port',
    values: ['PORT[,PORT]'],
    summary: 'Take back what allow-host-port allowed; open connections carry nothing any more',
    examples: ['kf configure-space deny-host-port 5432'],
    change: (spec, [ports]) => {
      const denied = portsOf(ports!);
      return withPorts(spec, (before) => before.filter((port) => !denied.includes(port)));
    },
  }),
];
