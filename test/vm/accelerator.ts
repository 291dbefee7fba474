/** What executes the virtual machine: KVM where it really runs Debian's kernel, else qemu's own translation. */

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { Image } from './image.ts';
import type { Accelerator } from './options.ts';

/** A kernel says so within a second; some machines open /dev/kvm, and then emulate every instruction. */
const patienceMilliseconds = 20_000;

export async function chooseAccelerator(image: Image): Promise<Accelerator> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return 'tcg';
  }
  return (await startsWithKvm(image)) ? 'kvm' : 'tcg';
}

export const acceleratorArguments = (accelerator: Accelerator): readonly string[] =>
  accelerator === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max'];

/** Whether the kernel gets as far as to its first user program, of which there is none. */
function startsWithKvm({ kernel }: Image): Promise<boolean> {
  const args = [
    ...acceleratorArguments('kvm'),
    ...['-machine', 'q35', '-m', '512', '-smp', '2', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-no-reboot', '-serial', 'stdio', '-kernel', kernel, '-append', 'console=ttyS0 panic=-1'],
  ];
  return new Promise((resolve) => {
    const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMilliseconds);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('Kernel panic')) child.kill('SIGKILL');
    });
    child.once('error', () => resolve(false));
    child.once('close', () => {
      clearTimeout(timer);
      resolve(text.includes('Kernel panic'));
    });
  });
}
