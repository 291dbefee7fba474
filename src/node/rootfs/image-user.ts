/** Whom an image's process runs as, by the image's own user database. Pure. */

import type { OciUser } from '../runtime/oci.ts';
import { vcap } from './skeleton.ts';

/** The user databases of an image; absent where it has none. */
export interface UserDatabases {
  readonly passwd?: string;
  readonly group?: string;
}

export interface ImageUser {
  readonly ids: OciUser;
  readonly name: string;
  readonly home: string;
}

/**
 * @param wanted as in an OCI image: `name`, `uid`, `name:group`, `uid:gid`; default root. Kf's `vcap` is known everywhere
 * @throws RangeError naming the user that the image does not know
 */
export function imageUser(wanted: string, { passwd = '', group = '' }: UserDatabases): ImageUser {
  const [who = '', groupName] = wanted === '' ? ['0'] : wanted.split(':');
  const users = linesOf(passwd);
  const entry = users.find(([name, , uid]) => (isNumber(who) ? uid === who : name === who));
  if (entry === undefined && !isNumber(who) && who !== vcap.name)
    throw new RangeError(`the image has no user "${who}"`);
  const uid = entry === undefined ? (who === vcap.name ? vcap.uid : Number(who)) : Number(entry[2]);
  const usualGroup = entry === undefined ? (who === vcap.name ? vcap.gid : 0) : Number(entry[3]);
  const gid = groupName === undefined ? usualGroup : groupId(groupName, group);
  const name = entry?.[0] ?? (who === vcap.name ? vcap.name : '');
  // A group that was named stands for all of them, as with Docker.
  const others = groupName === undefined && name !== '' ? groupsOf(name, gid, group) : [];
  return {
    ids: { uid, gid, ...(others.length === 0 ? {} : { additionalGids: others }) },
    name,
    home: entry?.[5] || (who === vcap.name ? vcap.home : '/'),
  };
}

/** The databases with `vcap` in them, where it is missing. */
export function withVcap({ passwd = '', group = '' }: UserDatabases): Required<UserDatabases> {
  return {
    passwd: withLine(passwd, vcap.name, `vcap:x:${vcap.uid}:${vcap.gid}:vcap:${vcap.home}:/bin/sh`),
    group: withLine(group, vcap.name, `vcap:x:${vcap.gid}:`),
  };
}

function withLine(text: string, name: string, line: string): string {
  if (linesOf(text).some(([known]) => known === name)) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
}

/** Further groups that a user is a member of. */
const groupsOf = (name: string, gid: number, group: string): readonly number[] =>
  linesOf(group)
    .filter(([, , id = '', members = '']) => isNumber(id) && members.split(',').includes(name))
    .map(([, , id]) => Number(id))
    .filter((id) => id !== gid);

function groupId(name: string, group: string): number {
  if (isNumber(name)) return Number(name);
  const entry = linesOf(group).find(([known]) => known === name);
  if (entry === undefined) throw new RangeError(`the image has no group "${name}"`);
  return Number(entry[2]);
}

const linesOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length > 2);

const isNumber = (text: string): boolean => /^\d+$/.test(text);
