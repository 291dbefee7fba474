/** kubectl: the one that `KF_KUBECTL` names, else `kubectl` of the PATH (Debian's `kubernetes-client`, 1.20). */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Kf } from './kf.ts';

const kubectlProgram = process.env.KF_KUBECTL || 'kubectl';

interface Version {
  readonly clientVersion: { readonly gitVersion: string; readonly minor: string };
}

/** 20 of 1.20. */
export function kubectlMinor(): number {
  const text = execFileSync(kubectlProgram, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const { gitVersion, minor } = (JSON.parse(text) as Version).clientVersion;
  // A dispatching kubectl runs the one of the server's version: 1.32.
  return gitVersion.includes('dispatcher') ? 32 : Number.parseInt(minor, 10);
}

export interface Protocol {
  readonly name: 'SPDY' | 'WebSocket';
  readonly env: Readonly<Record<string, string>>;
}

/** Since 1.31 kubectl prefers WebSocket; it goes back to SPDY where that is switched off. */
export const protocols: readonly Protocol[] = [
  { name: 'SPDY', env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' } },
  ...(kubectlMinor() < 31 ? [] : [{ name: 'WebSocket', env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true' } } as const]),
];

export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export class Kubectl {
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#args = args;
    this.#env = env;
  }

  /** As root, in a namespace of a test's own server. */
  static of(kf: Kf, namespace: string): Kubectl {
    return new Kubectl(['--kubeconfig', join(kf.dataDir, 'kubeconfig'), '-n', namespace], kf.env);
  }

  over({ env }: Protocol): Kubectl {
    return new Kubectl(this.#args, { ...this.#env, ...env });
  }

  /** The command line, for programs that run others. */
  words(args: readonly string[]): readonly string[] {
    return [kubectlProgram, ...this.#args, ...args];
  }

  /** @param input what its standard input has; undefined: nothing */
  start(args: readonly string[], input?: Buffer | string) {
    const [program, ...words] = this.words(args);
    const started = startProgram(program!, words, this.#env);
    started.child.stdin.end(input);
    return started;
  }

  run(args: readonly string[], input?: Buffer | string): Promise<Ended> {
    return this.start(args, input).ended;
  }

  /** What it prints. @throws Error with its complaint unless it exits with 0 */
  async ok(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${code}\n${stderr}`);
    return stdout.toString();
  }
}

/** `until` resolves when it has printed a text; `output` is what it has printed so far. */
export function startProgram(program: string, words: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(program, words, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const parts: Buffer[] = [];
  let stderr = '';
  let look = (): void => {};
  child.stdin.on('error', () => {});
  child.stdout.on('data', (part: Buffer) => {
    parts.push(part);
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(
    ([code]): Ended => ({ code: code as number | null, stdout: Buffer.concat(parts), stderr }),
  );
  const output = (): string => Buffer.concat(parts).toString();
  const until = (text: string) =>
    new Promise<void>((resolve, reject) => {
      look = () => output().includes(text) && resolve();
      look();
      void ended.then(({ code }) => reject(new Error(`it ended with ${code} before it said ${text}: ${stderr}`)));
    });
  return { child, ended, until, output };
}
