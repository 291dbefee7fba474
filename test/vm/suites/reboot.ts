/** The machine is rebooted by its administrator while tasks run, and nobody logs in afterwards. */

import { nothing } from '../../support/machine-state.ts';
import { type Check, expectEqual } from '../check.ts';
import { type Guest, kubectl } from '../guest.ts';

/** Long enough for a Job that is due every minute. */
const aloneMilliseconds = 75_000;

/** Names of Tasks, remembered over the reboot. */
const tasks = { done: '', running: '', retried: '', waiting: '' };

async function ended(guest: Guest, task: string): Promise<readonly unknown[]> {
  const { status, reason, exitCode } = await guest.finished(task);
  return [status, reason, exitCode];
}

export const rebootChecks: readonly Check[] = [
  {
    name: 'a reboot with tasks running and waiting, and a Job that is due every minute',
    isGround: true,
    async run(guest) {
      const { machine } = guest;
      await machine.ok('mkdir -p /var/log/journal; KF_MAX_TASKS=2 kf server enable');
      await guest.push('app');
      tasks.done = await guest.startTask('app', 'echo done; exit 3');
      await guest.finished(tasks.done);
      tasks.running = await guest.startTask('app', 'echo begun; sleep 100000');
      await guest.running(tasks.running);
      tasks.retried = await guest.startTask('app', '[ "$KF_TASK_ATTEMPT" = 2 ] || sleep 100000', '--retries', '1');
      await guest.running(tasks.retried);
      tasks.waiting = await guest.startTask('app', 'echo waited');
      await guest.kf('create-job', 'app', 'minutely', 'echo tick', '-s', '* * * * *', '-c', 'Forbid');
      await machine.reboot(aloneMilliseconds);
    },
  },
  {
    name: 'the server was started by systemd, and the Job ran with nobody logged in',
    async run(guest) {
      const { machine } = guest;
      expectEqual('is-active', (await machine.ok('systemctl is-active kf')).trim(), 'active');
      const [booted, login] = (
        await machine.ok('stat -c %Y /proc/1; journalctl -b -u ssh -o short-unix -q | grep -m1 Accepted | cut -d. -f1')
      )
        .trim()
        .split('\n')
        .map(Number);
      const text = await machine.ok(
        `${kubectl} get tasks -n dev -o jsonpath='{range .items[*]}{.spec.command}{.metadata.ownerReferences[*].kind} {.status.startTime}{"\\n"}{end}'`,
      );
      const runs = text
        .split('\n')
        .filter((line) => line.includes('TaskSchedule'))
        .map((line) => Date.parse(line.split(' ').at(-1) ?? '') / 1000);
      if (!runs.some((time) => time > (booted ?? 0) && time < (login ?? 0)))
        throw new Error(`no run between the boot at ${booted} and the first login at ${login}: ${text}`);
    },
  },
  {
    name: 'what ran has failed with NodeRestarted, a retry and what waited ran, what was done stays',
    async run(guest) {
      expectEqual('done', await ended(guest, tasks.done), ['False', 'Failed', 3]);
      expectEqual('its log', await guest.log(tasks.done), 'done\n');
      const [status, reason] = await ended(guest, tasks.running);
      expectEqual('running', [status, reason], ['False', 'NodeRestarted']);
      expectEqual('its log', await guest.log(tasks.running), 'begun\n');
      expectEqual('waiting', (await ended(guest, tasks.waiting))[0], 'True');
      expectEqual('retried', (await ended(guest, tasks.retried))[0], 'True');
    },
  },
  {
    name: 'the sweep has left nothing of before, and all is gone when the server stops',
    async run(guest) {
      await guest.kf('delete-job', 'minutely');
      await guest.kf('server', 'stop', '--kill');
      expectEqual('left of the instance', await guest.leftovers(), nothing);
      await guest.machine.ok('systemctl start kf');
    },
  },
];
