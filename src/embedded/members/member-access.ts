/** Gives the members of the group `kf` what they need to use the server, and takes it from those who have left it. */

import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Caller } from '../../apiserver/api.ts';
import { adminGroup, type Tokens } from '../../apiserver/http/tokens.ts';
import type { Client } from '../../client/client.ts';
import { runCommand } from '../../node/host/run-command.ts';
import { shareWithGroup } from './group-access.ts';
import { MemberFiles, type ServerAddress } from './member-files.ts';
import { spaceOf } from './member-space.ts';
import { type Member, type Membership, membersOf, usersOf } from './members.ts';

export interface MemberAccessOptions {
  readonly dataDir: string;
  readonly client: Client;
  readonly tokens: Tokens;
  readonly address: ServerAddress;
  readonly log: (message: string, error?: unknown) => void;
  /** Default /etc/group. */
  readonly groupFile?: string;
}

/** Milliseconds after a change of the file: programs that write it do so in several steps. */
const settling = 200;

export class MemberAccess {
  readonly #options: MemberAccessOptions;
  readonly #files: MemberFiles;
  readonly #groupFile: string;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #gid: number | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: MemberAccessOptions) {
    this.#options = options;
    this.#files = new MemberFiles(options.dataDir, options.address);
    this.#groupFile = options.groupFile ?? '/etc/group';
  }

  /** Everybody who is a member now; then whoever becomes one. Never fails: root can use the server all the same. */
  async start(): Promise<void> {
    await this.#sync();
    try {
      // The folder: the file itself is replaced by another one when it changes.
      this.#watcher = watch(dirname(this.#groupFile), { persistent: false }, (_, name) => {
        if (name === null || this.#groupFile.endsWith(`/${name}`)) this.#syncSoon();
      });
      this.#watcher.on('error', (error) => this.#options.log('watching the members of group kf', error));
    } catch (error) {
      this.#options.log('the members of group kf are looked up at the next start only', error);
    }
  }

  /** ID of the group, once started; undefined when there is none. */
  get gid(): number | undefined {
    return this.#gid;
  }

  async stop(): Promise<void> {
    this.#watcher?.close();
    clearTimeout(this.#timer);
    await this.#working;
  }

  #syncSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#sync(), settling);
  }

  #sync(): Promise<void> {
    this.#working = this.#working
      .then(() => this.#grant())
      .catch((error) => this.#options.log('the members of group kf', error));
    return this.#working;
  }

  async #grant(): Promise<void> {
    const { dataDir, tokens, log } = this.#options;
    const gid = await shareWithGroup(dataDir, { groupFile: this.#groupFile });
    this.#gid = gid;
    const { members, unknown } = gid === undefined ? { members: [], unknown: [] } : await this.#members();
    const admitted: Admitted[] = [];
    for (const member of members)
      await this.#admit(member).then(
        (one) => admitted.push(one),
        (error) => log(`member ${member.name} of group kf`, error),
      );
    // Before anybody reads his, and before what is taken away can be seen to be gone.
    tokens.admit(new Map(admitted.map(({ token, member }) => [token, callerOf(member)])));
    for (const { member, token, space } of admitted) await this.#files.writeKubeconfig(member, token, space);
    await this.#files.keepOnly(new Set([...members.map(({ name }) => name), ...unknown]));
  }

  async #members(): Promise<Membership> {
    const [groups, passwd] = await Promise.all([this.#groupFile, '/etc/passwd'].map((path) => readFile(path, 'utf8')));
    const found = membersOf(groups!, passwd!);
    // Known to a directory service only; while that is away, or where nobody has the name, they stay unknown.
    const lines = await Promise.all(
      found.unknown.map((name) => runCommand('getent', ['passwd', name]).catch(() => '')),
    );
    return { ...found, members: [...found.members, ...usersOf(lines.join('\n'))] };
  }

  async #admit(member: Member): Promise<Admitted> {
    const isNew = !(await this.#files.hasKubeconfig(member));
    const token = await this.#files.token(member);
    return { member, token, space: await spaceOf(this.#options.client, member, isNew) };
  }
}

interface Admitted {
  readonly member: Member;
  readonly token: string;
  /** The member's own Space. */
  readonly space: string;
}

const callerOf = ({ name }: Member): Caller => ({ user: name, groups: [adminGroup, 'system:authenticated'] });
