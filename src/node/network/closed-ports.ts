/**
 * Ends connections of Pods to ports of the host's 127.0.0.1 that they may not reach any more. The rule for that lies in
 * the Pod's own network, which its programs cannot change, and goes with it.
 */

import type { RunCommand } from '../host/run-command.ts';

export interface ClosedPortsOptions {
  readonly run: RunCommand;
  /** What leads to the ports. */
  readonly gateway: string;
  readonly onWarning: (text: string) => void;
}

interface Ports {
  /** Ports that were ever allowed. */
  readonly opened: Set<number>;
  /** Ports that the rules in the network namespace close. */
  closed: string;
  /** An earlier server may have left rules there. */
  isUnread: boolean;
}

export class ClosedPorts {
  readonly #options: ClosedPortsOptions;
  /** By path of the network namespace. */
  readonly #ports = new Map<string, Ports>();

  constructor(options: ClosedPortsOptions) {
    this.#options = options;
  }

  /** The network was made by an earlier server. @param opened what may be reached from it until now */
  adopt(path: string, opened: readonly number[]): void {
    this.#ports.set(path, { opened: new Set(opened), closed: '', isUnread: true });
  }

  /** Resolves when connections to what is not allowed any more end with their next packet. Never rejects: they stall then. */
  async follow(path: string, allowed: readonly number[]): Promise<void> {
    const known = this.#ports.get(path);
    if ((known?.opened.size ?? 0) === 0 && allowed.length === 0) return;
    const ports = known ?? { opened: new Set<number>(), closed: '', isUnread: false };
    this.#ports.set(path, ports);
    for (const port of allowed) ports.opened.add(port);
    if (ports.isUnread) await this.#read(path, ports);
    const closed = [...ports.opened].filter((port) => !allowed.includes(port)).sort((a, b) => a - b);
    if (closed.join() === ports.closed) return;
    ports.closed = closed.join();
    const { run, gateway, onWarning } = this.#options;
    await run('nsenter', [`--net=${path}`, 'iptables-restore', '--wait', '5'], { input: rules(gateway, closed) }).catch(
      (error: Error) => onWarning(`open connections to denied ports are not cut: ${error.message}`),
    );
  }

  async #read(path: string, ports: Ports): Promise<void> {
    const { run, gateway, onWarning } = this.#options;
    const save = run('nsenter', [`--net=${path}`, 'iptables-save', '-t', 'filter']);
    const saved = await save.catch((error: Error) => onWarning(`closed ports are not known: ${error.message}`));
    const closed = [...(saved ?? '').matchAll(/^-A OUTPUT -d (\S+)\/32 .*--dport (\d+) /gm)]
      .filter(([, address]) => address === gateway)
      .map(([, , port]) => Number(port));
    for (const port of closed) ports.opened.add(port);
    ports.closed = closed.sort((a, b) => a - b).join();
    ports.isUnread = false;
  }

  /** The network is gone. */
  forget(path: string): void {
    this.#ports.delete(path);
  }
}

/** New connections find no listener at the gateway; what is sent over old ones is answered by a reset. */
const rules = (gateway: string, ports: readonly number[]): string =>
  [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ...ports.map(
      (port) =>
        `-A OUTPUT -d ${gateway}/32 -p tcp -m tcp --dport ${port} --tcp-flags SYN,RST NONE -j REJECT --reject-with tcp-reset`,
    ),
    'COMMIT',
    '',
  ].join('\n');
