/** Two lines for a user who may not use this machine's server: what is missing, and the command. */

import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { asRoot } from './as-root.ts';

export async function notAllowed(home: string): Promise<string> {
  const groups = await readFile('/etc/group', 'utf8').catch(() => '');
  return adviceFor({ home, user: userName(), groups, own: process.getgroups?.() ?? [] });
}

export interface Applicant {
  readonly home: string;
  readonly user: string;
  /** Text of /etc/group. */
  readonly groups: string;
  /** Groups of the process. */
  readonly own: readonly number[];
}

/** Pure. */
export function adviceFor({ home, user, groups, own }: Applicant): string {
  const [, , id, list = ''] =
    groups
      .split('\n')
      .find((line) => line.startsWith('kf:'))
      ?.split(':') ?? [];
  const missing = `not allowed to use the server in ${home}`;
  if (id !== undefined && own.includes(Number(id)))
    return `${missing}: it has no token yet for ${user}, a member of group kf\nTo get one: ${asRoot('server restart', home)}`;
  if (list.split(',').includes(user))
    return `${missing}: ${user} is a member of group kf, but was none yet when this shell was started\nTo become one here: log in again, or: newgrp kf`;
  const make = id === undefined ? 'sudo groupadd --system kf && ' : '';
  return `${missing}: it is for root and the members of group kf\nTo become one: ${make}sudo usermod -aG kf ${user}, then log in again`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
