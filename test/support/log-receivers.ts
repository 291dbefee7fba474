/** Receivers of forwarded logs, as processes of their own: rsyslog, and a Fluentd receiver in Python. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A receiver that can be stopped and started again at the same port. */
export abstract class Receiver {
  #child: ChildProcess | undefined;
  #complaints = '';
  port = 0;

  constructor(
    protected readonly dir: string,
    protected readonly name: string,
  ) {}

  /** What has arrived so far. */
  protected get outFile(): string {
    return join(this.dir, `${this.name}.out`);
  }
  protected get portFile(): string {
    return join(this.dir, `${this.name}.port`);
  }

  /** Nothing accepts connections then. */
  protected get datagrams(): boolean {
    return false;
  }

  protected abstract command(): Promise<readonly string[]>;

  async start(): Promise<void> {
    await rm(this.portFile, { force: true });
    const [program = '', ...args] = await this.command();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    this.#child = child;
    // A test that ran out of time leaves none behind.
    process.once('exit', () => child.kill());
    while (!(await this.#isUp())) {
      if (child.exitCode !== null) throw new Error(`${this.name} ended: ${this.#complaints}`);
      await delay(20);
    }
  }

  /** A port that was asked for is not written down by rsyslog. */
  async #isUp(): Promise<boolean> {
    if (this.port === 0) {
      this.port = Number(await readFile(this.portFile, 'utf8').catch(() => 0));
      return this.port !== 0;
    }
    return this.datagrams || accepts(this.port);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }

  /** Whole lines. */
  async lines(): Promise<readonly string[]> {
    const text = await readFile(this.outFile, 'utf8').catch(() => '');
    return text.split('\n').slice(0, -1);
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

export interface FluentdEntry {
  readonly tag: string;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly record: Readonly<Record<string, unknown>>;
}

export class FluentdReceiver extends Receiver {
  constructor(
    dir: string,
    name: string,
    private readonly options: {
      readonly sharedKey?: string;
      readonly tls?: Certificate;
      readonly loseAcks?: number;
    } = {},
  ) {
    super(dir, name);
  }

  protected async command(): Promise<readonly string[]> {
    const { sharedKey, tls, loseAcks } = this.options;
    return [
      'python3',
      fileURLToPath(new URL('fluentd-receiver.py', import.meta.url)),
      this.portFile,
      this.outFile,
      ...['--port', String(this.port)],
      ...(sharedKey === undefined ? [] : ['--shared-key', sharedKey]),
      ...(tls === undefined ? [] : ['--tls', tls.cert, tls.key]),
      ...(loseAcks === undefined ? [] : ['--lose-acks', String(loseAcks)]),
    ];
  }

  async entries(): Promise<readonly FluentdEntry[]> {
    return (await this.lines()).map((line) => JSON.parse(line) as FluentdEntry);
  }
}

/** What rsyslog has made of a message. */
export interface SyslogEntry {
  readonly priority: string;
  readonly time: string;
  readonly app: string;
  readonly process: string;
  readonly id: string;
  readonly data: string;
  readonly message: string;
}

export class Rsyslog extends Receiver {
  constructor(
    dir: string,
    name: string,
    private readonly options: { readonly tls?: Certificate; readonly udp?: boolean } = {},
  ) {
    super(dir, name);
  }

  protected async command(): Promise<readonly string[]> {
    const { tls, udp = false } = this.options;
    const driver =
      tls === undefined ? '' : ' streamdriver.name="gtls" streamdriver.mode="1" streamdriver.authmode="anon"';
    const input = udp
      ? `module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="${this.port}")`
      : `module(load="imtcp"${driver})\ninput(type="imtcp" address="127.0.0.1" port="${this.port}" listenPortFileName="${this.portFile}")`;
    const certificates =
      tls === undefined
        ? ''
        : ` defaultNetstreamDriverCAFile="${tls.cert}" defaultNetstreamDriverCertFile="${tls.cert}" defaultNetstreamDriverKeyFile="${tls.key}"`;
    const config = join(this.dir, `${this.name}.conf`);
    await writeFile(
      config,
      `global(workDirectory="${this.dir}"${certificates})
${input}
template(name="fields" type="list" option.jsonf="on") {
  property(outname="priority" name="pri" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="process" name="procid" format="jsonf")
  property(outname="id" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}
action(type="omfile" file="${this.outFile}" template="fields")
`,
    );
    return ['/usr/sbin/rsyslogd', '-n', '-f', config, '-i', join(this.dir, `${this.name}.pid`)];
  }

  protected override get datagrams(): boolean {
    return this.options.udp === true;
  }

  async entries(): Promise<readonly SyslogEntry[]> {
    return (await this.lines()).map((line) => JSON.parse(line) as SyslogEntry);
  }
}
