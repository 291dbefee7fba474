/** Programs of this machine that the virtual one is made with. */

import { type SpawnOptions, spawn } from 'node:child_process';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly input?: string;
  /** Default: ten minutes. It is killed then, and that is an error. */
  readonly timeoutMilliseconds?: number;
  /** Its output also goes there as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** Runs it to its end, whatever its code. @throws Error when it cannot start or takes too long */
export function command(program: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { cwd, input = '', timeoutMilliseconds = 600_000, onOutput } = options;
  return new Promise((resolve, reject) => {
    const spawnOptions: SpawnOptions = { cwd, stdio: 'pipe' };
    const child = spawn(program, args, spawnOptions);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new Error(
          `${program} ${args.at(-1) ?? ''}: not done after ${timeoutMilliseconds / 1000} s\n${stdout}${stderr}`,
        ),
      );
    }, timeoutMilliseconds);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onOutput?.(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      onOutput?.(text);
    });
    child.stdin?.on('error', () => undefined).end(input);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
}

/** As `command`, for what must succeed. Resolves with its standard output. */
export async function succeed(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await command(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}
