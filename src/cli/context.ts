/** What a command works with: streams, environment, the chosen server and Space. */

import type { Clock } from '../client/clock.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { GlobalFlags } from './global-flags.ts';
import type { Io } from './io.ts';
import type { KfClient } from './kf-client.ts';
import { kfHome } from './settings/kf-home.ts';
import { chooseServer, chooseSpace, type ServerChoice } from './settings/server-choice.ts';
import { defaultSettingsFile, readSettings, type Settings } from './settings/settings-file.ts';
import { serverFlags } from './tip-flags.ts';
import { patientClient } from './wait/patient-client.ts';

export interface ConnectOptions {
  /** Whether the embedded server may be started. Default true; false once a command has talked to it. */
  readonly mayStart?: boolean;
}

/** What surrounds the command; tests bring their own. */
export interface CommandEnvironment {
  readonly io: Io;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly clock: Clock;
  /** The command's words, without `kf`. Default: none. */
  readonly argv?: readonly string[];
  /** A client of the server, which is started first where that is due. @throws CliError, UnreachableError */
  readonly connect: (choice: ServerChoice, io: Io, options: ConnectOptions) => Promise<KfClient>;
  /** The name of the context that a choice means. */
  readonly contextName: (choice: ServerChoice) => Promise<string>;
}

/** A client, and the Space to work in. */
export interface Session {
  readonly client: KfClient;
  readonly space: string;
  /** What makes a printed command mean the same server. Default: nothing. */
  readonly serverFlags?: string;
}

export class Context {
  /** What a failure ends with: 1, or with `--wait` what semantics §4 says at this point. */
  failureCode: number = exitCodes.error;
  /** Whether stdout carries data only: no `FAIL` there. */
  dataOnly = false;
  readonly #environment: CommandEnvironment;
  readonly #flags: GlobalFlags;
  #settings: Promise<Settings> | undefined;
  #choice: Promise<ServerChoice> | undefined;
  #client: Promise<KfClient> | undefined;
  #isKnown = false;

  constructor(environment: CommandEnvironment, flags: GlobalFlags) {
    this.#environment = environment;
    this.#flags = flags;
  }

  get io(): Io {
    return this.#environment.io;
  }

  get env(): NodeJS.ProcessEnv {
    return this.#environment.env;
  }

  get argv(): readonly string[] {
    return this.#environment.argv ?? [];
  }

  get cwd(): string {
    return this.#environment.cwd;
  }

  get clock(): Clock {
    return this.#environment.clock;
  }

  get flags(): GlobalFlags {
    return this.#flags;
  }

  get settingsFile(): string {
    return this.#flags.config ?? defaultSettingsFile(this.env);
  }

  settings(): Promise<Settings> {
    this.#settings ??= readSettings(this.settingsFile);
    return this.#settings;
  }

  choice(): Promise<ServerChoice> {
    this.#choice ??= this.settings().then((settings) => chooseServer(this.#flags, this.env, settings));
    return this.#choice;
  }

  /** @throws CliError when no Space is targeted */
  async space(): Promise<string> {
    const choice = await this.choice();
    const space = chooseSpace(choice, await this.settings(), this.#flags.space);
    // A kubeconfig that is not there comes before a Space that is not chosen.
    if (space === undefined) throw this.#noSpace(choice, await this.contextName(choice));
    return space;
  }

  /** Kf's words; who did not mean to leave the embedded server is told what has chosen another one. */
  #noSpace(choice: ServerChoice, contextName: string): CliError {
    const message = "no space targeted, use 'kf target --space SPACE' to target a space";
    if (choice.kind === 'embedded') return new CliError(message);
    const isByFlag = serverFlags(this.#flags) !== '';
    const isByEnv = !isByFlag && this.env.KUBECONFIG !== undefined;
    const before = this.env.KF_HOME ? ', which comes before KF_HOME' : '';
    const tips = [{ description: 'List its Spaces', command: `kf spaces${serverFlags(this.#flags)}` }];
    const description = "Use this machine's own server";
    if (!isByFlag) tips.push({ description, command: isByEnv ? 'unset KUBECONFIG' : 'kf target --embedded' });
    const by = isByEnv ? `, by $KUBECONFIG${before}` : '';
    return new CliError(`${message}; the server is that of context "${contextName}" in ${choice.path}${by}`, { tips });
  }

  /** The server itself, for those who have patience of their own. */
  connection(options: ConnectOptions = {}): Promise<KfClient> {
    if (this.#client === undefined) {
      const client = this.choice().then((choice) => this.#environment.connect(choice, this.io, options));
      this.#client = client;
      // A failure is not remembered: the next try connects anew.
      client.catch(() => {
        if (this.#client === client) this.#client = undefined;
      });
    }
    return this.#client;
  }

  /** A client whose reads bear with a server that restarts. */
  async client(): Promise<KfClient> {
    return patientClient(this, await this.connection());
  }

  /** The server has answered this command. */
  answered(): void {
    this.#isKnown = true;
  }

  /** Whether a server that is out of reach may be thought to come back: it has answered, or is ours and took the call. */
  async isKnown(): Promise<boolean> {
    return this.#isKnown || (await this.choice()).kind === 'embedded';
  }

  /** For commands that read. */
  async session(): Promise<Session> {
    const space = await this.space();
    return { client: await this.client(), space, serverFlags: serverFlags(this.#flags) };
  }

  /**
   * For commands that change something: on a server that is not the embedded one they first say where.
   * @param subject the Space that is itself made or deleted; default: the one to work in
   */
  async changing(subject?: string): Promise<Session> {
    const choice = await this.choice();
    const space = subject ?? (await this.space());
    if (choice.kind === 'kubeconfig')
      this.io.note(`Using context "${await this.contextName(choice)}", Space "${space}"`);
    return { client: await this.client(), space, serverFlags: serverFlags(this.#flags) };
  }

  /** The name of the kubeconfig's context. @throws CliError when there is none */
  contextName(choice: ServerChoice): Promise<string> {
    return this.#environment.contextName(choice);
  }

  /** The same environment with another server. */
  forChoice(choice: ServerChoice): Context {
    const context = new Context(this.#environment, this.#flags);
    context.#choice = Promise.resolve(choice);
    return context;
  }

  /** The same environment with other flags. */
  withFlags(flags: GlobalFlags): Context {
    return new Context(this.#environment, flags);
  }

  /** The same environment with the embedded server, whatever is targeted. */
  forEmbedded(): Context {
    return this.forChoice({ kind: 'embedded', home: kfHome(this.env) });
  }

  close(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.then(
      (open) => open.close(),
      () => undefined,
    );
  }
}
