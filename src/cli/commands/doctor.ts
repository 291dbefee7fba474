import { spawn } from 'node:child_process';
import { Option } from 'commander';
import { defineCommand } from '../command.ts';
import { CliError, Exit } from '../errors.ts';

export const doctor = defineCommand<{ readonly fix?: boolean; readonly output?: 'json' | 'yaml' }>({
  usage: 'doctor',
  group: 'Server:',
  summary: 'Check what this machine needs to run tasks, and say how to mend what is missing',
  examples: ['kf doctor', 'sudo kf doctor --fix', 'kf doctor -o json'],
  flags: (command) =>
    command
      .option('--fix', 'run the commands that mend it')
      .addOption(new Option('-o, --output <FORMAT>', 'print for programs to read').choices(['json', 'yaml'])),
  async run(context, _, { fix, output }) {
    context.dataOnly = output !== undefined;
    const { serverProgram } = await import('../server/program.ts');
    const args = [...(fix ? ['--fix'] : []), ...(output === undefined ? [] : ['-o', output])];
    // The checks belong to the server's program: they know what it runs containers with.
    const child = spawn(process.execPath, [...serverProgram().argv, 'doctor', ...args], {
      stdio: 'inherit',
      env: context.env,
    });
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(new CliError(`cannot run the checks: ${error.message}`)));
      child.on('close', (exitCode) => resolve(exitCode ?? 1));
    });
    if (code !== 0) throw new Exit(code);
  },
});
