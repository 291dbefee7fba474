/** One virtual machine: started, entered, rebooted, cut off from its power. */

import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { acceleratorArguments } from './accelerator.ts';
import type { Image } from './image.ts';
import type { Accelerator } from './options.ts';
import { type CommandOptions, command, type Ended, succeed } from './processes.ts';

export interface MachineOptions {
  readonly image: Image;
  readonly accelerator: Accelerator;
  /** For its disk and logs. */
  readonly folder: string;
  readonly sourceDisk: string;
}

const memoryMebibytes = 4096;
const stepMilliseconds = 500;

export class Machine {
  readonly #options: MachineOptions;
  readonly #port: number;
  #qemu: ChildProcess | undefined;
  #boots = 0;

  private constructor(options: MachineOptions, port: number) {
    this.#options = options;
    this.#port = port;
  }

  /** With a disk as new. */
  static async create(options: MachineOptions): Promise<Machine> {
    const { folder, image } = options;
    // A layer's own tables are written on a flush: what the machine has not flushed is really lost with qemu.
    await succeed('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      image.disk,
      '-F',
      'raw',
      join(folder, 'disk.qcow2'),
    ]);
    return new Machine(options, await freePort());
  }

  /** How many times longer than on the machine itself things take, about. */
  get slowness(): number {
    return this.#options.accelerator === 'kvm' ? 2 : 20;
  }

  get consoleLog(): string {
    return join(this.#options.folder, 'console.log');
  }

  get isRunning(): boolean {
    return this.#qemu !== undefined && this.#qemu.exitCode === null && this.#qemu.signalCode === null;
  }

  /** Resolves when everything that starts at boot has started. @throws Error with the end of the console's log */
  async boot(): Promise<void> {
    const { folder } = this.#options;
    const log = openSync(join(folder, 'qemu.log'), 'a');
    this.#qemu = spawn('nice', ['-n', '5', 'qemu-system-x86_64', ...this.#arguments()], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    await this.#booted();
  }

  #arguments(): readonly string[] {
    const { image, accelerator, folder, sourceDisk } = this.#options;
    const drive = (file: string, format: string): readonly string[] => [
      '-drive',
      `file=${file},if=virtio,format=${format},cache=writeback`,
    ];
    return [
      ...acceleratorArguments(accelerator),
      ...['-machine', 'q35', '-smp', '2', '-m', String(memoryMebibytes)],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-device', 'virtio-rng-pci'],
      ...['-kernel', image.kernel, '-initrd', image.initrd, '-append', 'root=/dev/vda console=ttyS0'],
      ...drive(join(folder, 'disk.qcow2'), 'qcow2'),
      ...drive(sourceDisk, 'raw'),
      // Nothing of the world but the way in.
      ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${this.#port}-:22`],
      ...['-device', 'virtio-net-pci,netdev=net'],
      ...['-chardev', `file,id=console,path=${this.consoleLog},append=on`, '-serial', 'chardev:console'],
    ];
  }

  async #booted(): Promise<void> {
    this.#boots += 1;
    const deadline = Date.now() + this.slowness * 30_000;
    for (;;) {
      const { code, stdout, stderr } = await this.#ssh('root', 'systemctl is-system-running --wait', {
        timeoutMilliseconds: Math.max(1_000, deadline - Date.now()),
      });
      // Degraded: a unit that has failed; the tests look at those that matter.
      if (code !== 255 && /^(running|degraded)/.test(stdout)) return;
      if (!this.isRunning || Date.now() > deadline)
        throw new Error(`the virtual machine does not boot: ${stdout}${stderr}\n${await this.consoleEnd()}`);
      await delay(stepMilliseconds);
    }
  }

  /** What to type to enter it. */
  login(user: string): readonly string[] {
    const { image } = this.#options;
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
    return [
      ...['ssh', '-i', image.key, '-p', String(this.#port)],
      ...[...options, 'ConnectTimeout=10'].flatMap((option) => ['-o', option]),
      `${user}@127.0.0.1`,
    ];
  }

  #ssh(user: string, script: string, options: CommandOptions): Promise<Ended> {
    const [program = '', ...args] = this.login(user);
    // One connection per boot for root, since each takes a second without KVM; others log in and out each time.
    const shared =
      user === 'root'
        ? ['-o', 'ControlMaster=auto', '-o', `ControlPath=${join(this.#options.folder, `ssh-${this.#boots}`)}`]
        : [];
    return command(program, [...shared, '-o', 'ControlPersist=yes', ...args, script], options);
  }

  /** Runs a shell's script in it, as root or another user in a session of its own. @throws Error when it takes too long */
  run(script: string, options: CommandOptions & { readonly user?: string } = {}): Promise<Ended> {
    const { user = 'root', ...rest } = options;
    return this.#ssh(user, script, { timeoutMilliseconds: this.slowness * 15_000, ...rest });
  }

  /** As `run`, for what must succeed. Resolves with its standard output. */
  async ok(script: string, options: CommandOptions & { readonly user?: string } = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(script, options);
    if (code !== 0) throw new Error(`${script}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /**
   * As an administrator does it.
   * @param aloneMilliseconds how long nobody logs in after it has booted
   */
  async reboot(aloneMilliseconds: number): Promise<void> {
    const before = (await this.#console()).length;
    await this.run('systemctl reboot');
    const deadline = Date.now() + this.slowness * 30_000;
    while (!(await this.#console()).slice(before).includes(' login: ')) {
      if (Date.now() > deadline || !this.isRunning)
        throw new Error(`the virtual machine does not reboot\n${await this.consoleEnd()}`);
      await delay(stepMilliseconds);
    }
    await delay(aloneMilliseconds);
    await this.#booted();
  }

  /** Everything that its kernel had not flushed is lost. */
  async cutPower(): Promise<void> {
    const qemu = this.#qemu;
    if (qemu === undefined || !this.isRunning) return;
    const gone = new Promise((resolve) => qemu.once('close', resolve));
    qemu.kill('SIGKILL');
    await gone;
  }

  async consoleEnd(): Promise<string> {
    const said = await readFile(join(this.#options.folder, 'qemu.log'), 'utf8').catch(() => '');
    return `${said}${await this.#console()}`.slice(-4_000);
  }

  #console(): Promise<string> {
    return readFile(this.consoleLog, 'utf8').catch(() => '');
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
