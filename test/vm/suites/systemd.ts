/** The server as a unit of systemd, and as a process of a login session. */

import { setTimeout as delay } from 'node:timers/promises';
import { nothing } from '../../support/machine-state.ts';
import { type Check, expectEqual, expectMatch } from '../check.ts';
import { dataDir, type Guest, kubectl } from '../guest.ts';

/** Goes on, always with the same processes, until it is told to end; a second start would show in its log. */
const untilTold = 'echo begun; mkfifo ~/go; read told <~/go; echo ended; exit 7';

/** Cgroups of the containers that run. */
const containers = 'find /sys/fs/cgroup/kf-*/* -prune -type d ! -name monitors';

/** Does `what` with `$pid`, the first process of each container, once its command waits. */
const withContainers = (what: string): string =>
  `for folder in $(${containers}); do pid=$(head -n 1 $folder/cgroup.procs); while [ ! -p /proc/$pid/root/home/vcap/go ]; do sleep 0.1; done; ${what}; done`;

const letGo = (guest: Guest): Promise<string> =>
  guest.machine.ok(withContainers('echo go >/proc/$pid/root/home/vcap/go'));

const containerPids = async (guest: Guest): Promise<string> =>
  (await guest.machine.ok(withContainers('sort -n $folder/cgroup.procs'))).trim();

/** Resolves with the server that came after `before`. */
async function nextServer(guest: Guest, before: number): Promise<number> {
  const deadline = Date.now() + guest.machine.slowness * 10_000;
  for (;;) {
    const pid = Number(await guest.machine.ok('systemctl show --property=MainPID --value kf').catch(() => '0'));
    if (pid > 0 && pid !== before) return pid;
    if (Date.now() > deadline) throw new Error('the server does not come back');
    await delay(200);
  }
}

/** Starts a Task that goes on until it is let go, does `meanwhile`, and looks whether that went by unnoticed. */
async function livesThrough(guest: Guest, meanwhile: () => Promise<void>): Promise<void> {
  const task = await guest.startTask('app', untilTold);
  await guest.running(task);
  const pids = await containerPids(guest);
  if (pids === '') throw new Error('the container has no processes in a cgroup of its own');
  await meanwhile();
  expectEqual('processes of the container', await containerPids(guest), pids);
  expectEqual('its Task', (await guest.running(task)).status, 'Unknown');
  await letGo(guest);
  await ends(guest, task);
}

async function ends(guest: Guest, task: string): Promise<void> {
  expectEqual('exit code', (await guest.finished(task)).exitCode, 7);
  expectEqual('log', await guest.log(task), 'begun\nended\n');
}

const loginTests: readonly Check[] = [
  {
    name: 'kf doctor: everything is fine, cgroup version 2',
    async run(guest) {
      const text = await guest.kf('doctor');
      expectMatch('doctor', text, /^ok +cgroups +version 2$/m);
      expectEqual(
        'complaints',
        text.split('\n').filter((line) => line !== '' && !line.startsWith('ok')),
        [],
      );
      expectMatch('runtime', text, new RegExp(`^ok +container runtime +/\\S+/${guest.runtime} works`, 'm'));
    },
  },
  {
    name: 'logout of the user whose command started the server: the task goes on, the next command finds it',
    async run(guest) {
      const { machine } = guest;
      await machine.ok(
        'mkdir -p /etc/systemd/logind.conf.d && printf "[Login]\\nKillUserProcesses=yes\\n" >/etc/systemd/logind.conf.d/kill.conf && systemctl restart systemd-logind',
      );
      const script = `
        mkdir -p app && echo exit 0 >app/run.sh && sudo kf push app --task -p app >&2 || exit 1
        task=$(sudo kf run-task app -c '${untilTold}' -o name) && echo $task || exit 1
        until sudo ${kubectl} get $task -n dev -o 'jsonpath={.status.startTime}' | grep -q .; do sleep 0.5; done
        sudo node -p 'require("${dataDir}/server.json").pid'`;
      const [name = '', pid] = (await machine.ok(script, { user: 'ann' })).trim().split('\n');
      const [task, server] = [name.split('/').at(-1) ?? '', Number(pid)];
      await waitFor(guest, 'the end of the server with the session', `! kill -0 ${server}`);
      const pids = await containerPids(guest);
      if (pids === '') throw new Error('the task has ended with the session');
      await guest.kf('apps');
      if ((await guest.serverPid()) === server) throw new Error('the server is still the same');
      expectEqual('processes of the container', await containerPids(guest), pids);
      await guest.running(task);
      await letGo(guest);
      await ends(guest, task);
    },
  },
];

const waitFor = (guest: Guest, what: string, condition: string): Promise<string> =>
  guest.machine
    .ok(`for i in $(seq 600); do if ${condition} 2>/dev/null; then exit 0; fi; sleep 0.1; done; exit 1`)
    .catch((error: Error) => {
      throw new Error(`waited for ${what}: ${error.message}`);
    });

const unitTests: readonly Check[] = [
  {
    name: 'kf server enable, by a user through sudo: a unit, and a server in it',
    isGround: true,
    async run(guest) {
      const { machine } = guest;
      await machine.ok('sudo kf server enable', { user: 'ann' });
      expectEqual('is-enabled', (await machine.ok('systemctl is-enabled kf')).trim(), 'enabled');
      expectEqual('is-active', (await machine.ok('systemctl is-active kf')).trim(), 'active');
      const status = JSON.parse(await guest.kf('server', 'status', '-o', 'json')) as { pid: number; atBoot: string };
      expectEqual('at boot', status.atBoot, 'systemd');
      expectEqual('main process', status.pid, await nextServer(guest, 0));
      expectEqual('complaints', (await machine.ok('journalctl -q -u kf -p warning -o cat')).trim(), '');
    },
  },
  {
    name: 'the chosen runtime runs a task, in a cgroup outside of the unit, with its limits',
    async run(guest) {
      const { machine } = guest;
      const task = await guest.startTask('app', untilTold, '-m', '64M');
      await guest.running(task);
      expectMatch('runtime', await guest.chosenRuntime(), new RegExp(`/${guest.runtime}$`));
      const limits = await machine.ok(withContainers('cd $folder && cat memory.max memory.swap.max pids.max'));
      expectMatch('memory, swap, processes', limits, /^67108864\n0\n\d+\n$/);
      const server = await guest.serverPid();
      expectEqual(
        'cgroup of the server',
        (await machine.ok(`cat /proc/${server}/cgroup`)).trim(),
        '0::/system.slice/kf.service',
      );
      await letGo(guest);
      await ends(guest, task);
    },
  },
  {
    name: 'systemctl restart with a task running',
    run: (guest) =>
      livesThrough(guest, async () => {
        const before = await guest.serverPid();
        await guest.machine.ok('systemctl restart kf');
        await nextServer(guest, before);
      }),
  },
  {
    name: 'kill -9 of the server with a task running: systemd starts it again',
    run: (guest) =>
      livesThrough(guest, async () => {
        const before = await guest.serverPid();
        await guest.machine.ok(`kill -9 ${before}`);
        await nextServer(guest, before);
      }),
  },
  {
    name: 'kf server restart, daemon-reload and daemon-reexec with a task running: limits stay',
    run: (guest) =>
      livesThrough(guest, async () => {
        const limits = `cat $(find /sys/fs/cgroup/kf-* -name memory.max | sort) $(find /sys/fs/cgroup/kf-* -name pids.max | sort)`;
        const before = await guest.machine.ok(limits);
        await guest.machine.ok(
          'systemctl daemon-reload; systemctl daemon-reexec; systemctl restart systemd-logind cron',
        );
        expectEqual('limits', await guest.machine.ok(limits), before);
        await guest.kf('server', 'restart');
      }),
  },
  {
    name: 'systemctl stop: a task runs to its end meanwhile; its exit code and log are there after the start',
    async run(guest) {
      const { machine } = guest;
      const task = await guest.startTask('app', untilTold);
      await guest.running(task);
      await machine.ok('systemctl stop kf');
      const left = await machine.ok('cat /sys/fs/cgroup/system.slice/kf.service/cgroup.procs 2>/dev/null || true');
      expectEqual('processes left in the unit', left, '');
      await letGo(guest);
      await waitFor(guest, 'the end of the container', '! pgrep -x conmon');
      await machine.ok('systemctl start kf');
      await ends(guest, task);
    },
  },
  {
    name: 'systemctl start is over when the server answers; commands that come meanwhile let it be',
    async run(guest) {
      const { machine } = guest;
      const show = async (property: string): Promise<string> =>
        (await machine.ok(`systemctl show --property=${property} --value kf`)).trim();
      await machine.ok(`systemctl restart kf && cat ${dataDir}/server.json >/dev/null`);
      expectMatch('status', await show('StatusText'), /^answers at https:/);
      const begun = 'until [ "$(systemctl show --property=SubState --value kf)" != dead ]; do :; done';
      await machine.ok(`systemctl stop kf; systemctl start --no-block kf; ${begun}; kf apps`);
      expectEqual('state', await show('ActiveState'), 'active');
      expectEqual('restarts', await show('NRestarts'), '0');
      const ending = 'until [ "$(systemctl show --property=ActiveState --value kf)" != active ]; do :; done';
      // The administrator's restart is not cancelled.
      await machine.ok(`systemctl restart kf & restart=$!; ${ending}; kf apps && wait $restart`);
      expectEqual('state', await show('ActiveState'), 'active');
    },
  },
  {
    name: 'logout of the user who enabled the server, with a task running: server and task go on',
    run: (guest) =>
      livesThrough(guest, async () => {
        const before = await guest.serverPid();
        await guest.machine.ok('sudo kf server restart; sudo kf tasks app', { user: 'ann' });
        const after = await nextServer(guest, before);
        await waitFor(guest, 'the end of the session', '! loginctl list-sessions --no-legend | grep -qw ann');
        expectEqual('server', await guest.serverPid(), after);
      }),
  },
  {
    name: 'systemd has no complaints about the unit after all that',
    async run(guest) {
      const text = await guest.machine.ok('journalctl -q -u kf -p warning -o cat');
      // The kill is ours.
      const others = text.split('\n').filter((line) => !/^$|status=9\/KILL|Failed with result 'signal'/.test(line));
      expectEqual('complaints', others, []);
    },
  },
  {
    name: 'kf server uninstall: nothing is left, no unit, no mount, no cgroup, no link, no rule',
    async run(guest) {
      const { machine } = guest;
      await guest.kf('server', 'stop', '--kill');
      expectEqual('left of the instance', await guest.leftovers(), nothing);
      await guest.kf('server', 'uninstall', '--yes');
      expectEqual('unit', (await machine.ok('ls /etc/systemd/system | grep kf || true')).trim(), '');
      expectEqual('data', (await machine.ok(`ls ${dataDir} 2>/dev/null || true`)).trim(), '');
      const rest = await machine.ok(
        'ls -d /sys/fs/cgroup/kf-* /run/netns/kf-* 2>/dev/null; ip -o link | grep kf; iptables-save | grep kf; grep -E " /(var/lib|run|dev/shm)/kf" /proc/self/mountinfo; losetup -a; true',
      );
      expectEqual('rest', rest.trim(), '');
    },
  },
];

export const systemdChecks: readonly Check[] = [...loginTests, ...unitTests];
