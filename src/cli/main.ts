/** The `kf` command; bin/kf runs its bundle. */

import { systemClock } from '../client/clock.ts';
import { processIo } from './io.ts';
import { run } from './run.ts';

async function main(): Promise<void> {
  const code = await run(process.argv.slice(2), {
    io: processIo(process.env),
    env: process.env,
    cwd: workingFolder(),
    clock: systemClock,
    connect: async (choice, streams, options) =>
      (await import('./connect.ts')).connectTo(choice, streams, options, process.env),
    contextName: async (choice) => (await import('./connect.ts')).contextNameOf(choice),
  });
  // Everything that was written goes out before the end; open connections do not hold us.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  process.exit(code);
}

/** In a folder that was removed the shell's PWD is taken; what reads there reports that it is gone. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD ?? '/';
  }
}

void main();
