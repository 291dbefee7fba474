/** Starts at boot and after a crash by a systemd unit. */

import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../../files/durable.ts';
import type { BootMachine } from './machine.ts';
import type { Service } from './service.ts';

/** `kf.service` for the machine's own server; others bear a mark of their data directory. */
export const unitName = (home: string): string =>
  home === '/var/lib/kf' ? 'kf.service' : `kf-${createHash('sha256').update(home).digest('hex').slice(0, 8)}.service`;

export const unitPath = (home: string, machine: Pick<BootMachine, 'unitFolder'>): string =>
  join(machine.unitFolder, unitName(home));

/** Pure. */
export function unitText({ home, argv, env }: Service): string {
  return `# Made by kf server enable; kf server disable removes it.
[Unit]
Description=kf server, tasks and jobs (${specifier(home)})
After=network-online.target local-fs.target
Wants=network-online.target
RequiresMountsFor=${quoted(home)}
StartLimitIntervalSec=0

[Service]
# Started is what answers: until then commands wait, and nobody starts it again.
Type=notify
NotifyAccess=all
# A large store may have to be read, restored or migrated before.
TimeoutStartSec=30min
ExecStart=${argv.map(argument).join(' ')}
${Object.entries(env)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`)
  .join('\n')}
WorkingDirectory=/
StandardOutput=append:${specifier(join(home, 'server.log'))}
StandardError=inherit
Restart=always
RestartSec=1
# Tasks go on while the server is stopped, restarted or upgraded.
KillMode=process
Delegate=yes
TasksMax=infinity
TimeoutStopSec=90

[Install]
WantedBy=multi-user.target
`;
}

const specifier = (text: string): string => text.replaceAll('%', '%%');
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text)
    ? specifier(text)
    : `"${specifier(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
/** In a command line variables are expanded, too. */
const argument = (text: string): string => quoted(text).replaceAll('$', '$$$$');

export async function enableUnit(service: Service, machine: BootMachine): Promise<void> {
  await writeDurably(unitPath(service.home, machine), unitText(service), 0o644);
  await machine.run('systemctl', ['daemon-reload']);
  await machine.run('systemctl', ['enable', unitName(service.home)]);
}

/** A server that runs goes on until it is stopped. */
export async function disableUnit(home: string, machine: BootMachine): Promise<void> {
  await machine.run('systemctl', ['disable', unitName(home)]);
  await rm(unitPath(home, machine), { force: true });
  await machine.run('systemctl', ['daemon-reload']);
}

/** Resolves when the server answers. @throws ProgramError when it ends before, or there is no such unit */
export async function startUnit(home: string, machine: BootMachine): Promise<void> {
  await machine.run('systemctl', ['start', unitName(home)]);
}

/** How often systemd has started it again since it was last started. */
export async function restartsOf(home: string, machine: BootMachine): Promise<number> {
  return Number(await property('NRestarts', home, machine)) || 0;
}

/** `dead`, `start`, `running`, `stop-sigterm`, `auto-restart` …; empty without such a unit. */
export const unitState = (home: string, machine: BootMachine): Promise<string> => property('SubState', home, machine);

const property = async (name: string, home: string, machine: BootMachine): Promise<string> =>
  (await machine.run('systemctl', ['show', `--property=${name}`, '--value', unitName(home)])).trim();

export async function stopUnit(home: string, machine: BootMachine): Promise<void> {
  await machine.run('systemctl', ['stop', unitName(home)]);
}
