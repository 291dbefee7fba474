import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  bootManager,
  checkedBootManager,
  disableBoot,
  enableBoot,
  foundBootManager,
} from '../../../src/cli/server/boot/boot.ts';
import { withLine, withoutLine } from '../../../src/cli/server/boot/cron.ts';
import { keeperScript } from '../../../src/cli/server/boot/keeper.ts';
import { type BootMachine, runProgram } from '../../../src/cli/server/boot/machine.ts';
import { serviceOf } from '../../../src/cli/server/boot/service.ts';
import { unitName, unitPath, unitText } from '../../../src/cli/server/boot/systemd.ts';
import { serverEnvironment } from '../../../src/cli/server/program.ts';

const crontab = fileURLToPath(new URL('../../support/bin/crontab', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-boot-'));
  process.env.CRONTAB_FILE = join(folder, 'crontab');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const program = { file: '/opt/kf/server.js', argv: ['--max-semi-space-size=8', '/opt/kf/server.js'] };
const service = (home = folder, env: NodeJS.ProcessEnv = { KF_HOME: 'x' }) =>
  serviceOf(home, '/usr/bin/node', program, env);

/** Notes what systemctl is asked for; crontab is the script. */
function machine(hasSystemd: boolean): BootMachine & { readonly calls: string[] } {
  const calls: string[] = [];
  const unitFolder = join(folder, 'units');
  mkdirSync(unitFolder, { recursive: true });
  return {
    calls,
    hasSystemd,
    unitFolder,
    async run(command, args, input) {
      if (command === 'crontab') return runProgram(crontab, args, input);
      calls.push([command, ...args].join(' '));
      return '';
    },
  };
}

test('what is started keeps the settings of the environment and nothing else of it', () => {
  const env = { KF_HOME: 'kf', KF_PORT: '7443', KF_MEMORY: '', KF_BOOT_ID: 'x', SECRET: 's' };
  const { argv, env: kept } = service('/srv/kf', env);
  expect(argv).toEqual(['/usr/bin/node', '--max-semi-space-size=8', '/opt/kf/server.js', 'run']);
  const own = { PATH: expect.stringContaining('/usr/sbin'), ...serverEnvironment };
  expect(kept).toEqual({ ...own, KF_HOME: '/srv/kf', KF_PORT: '7443' });
  expect(serviceOf('/var/lib/kf', 'node', program, {}).env.KF_HOME).toBeUndefined();
});

describe('with systemd', () => {
  test('the unit is what systemd understands, whatever the folder is called', () => {
    for (const home of ['/var/lib/kf', join(folder, 'a "b" $c 100%')]) {
      const unit = service(home, { KF_HOME: home, KF_PORT: '0' });
      const text = unitText({ ...unit, argv: [process.execPath, ...unit.argv.slice(1)] });
      const path = join(folder, unitName(home));
      writeFileSync(path, text);
      const said = execFileSync('systemd-analyze', ['verify', '--man=no', path], { stdio: 'pipe' }).toString();
      expect(said).toBe('');
      expect(text).toMatch(/^Type=notify$/m);
      expect(text).toMatch(/^KillMode=process$/m);
      expect(text).toMatch(/^Delegate=yes$/m);
      expect(text).toMatch(/^Restart=always$/m);
    }
  });

  test('enabling writes and enables it, disabling leaves nothing', async () => {
    const systemd = machine(true);
    const name = unitName(folder);
    expect(await enableBoot(service(), systemd)).toBe('systemd');
    expect(systemd.calls).toEqual(['systemctl daemon-reload', `systemctl enable ${name}`]);
    expect(readFileSync(unitPath(folder, systemd), 'utf8')).toBe(unitText(service()));
    expect(await checkedBootManager(folder, systemd)).toBe('systemd');
    expect(await disableBoot(folder, systemd)).toBe('systemd');
    expect(systemd.calls.slice(2)).toEqual([`systemctl disable ${name}`, 'systemctl daemon-reload']);
    expect(existsSync(unitPath(folder, systemd))).toBe(false);
    expect(await bootManager(folder)).toBeUndefined();
  });

  test('a unit that somebody removed does not count', async () => {
    const systemd = machine(true);
    await enableBoot(service(), systemd);
    rmSync(unitPath(folder, systemd));
    expect(await checkedBootManager(folder, systemd)).toBeUndefined();
  });
});

test.each([true, false])('what starts a server whose data somebody has removed is found (systemd: %s)', async (has) => {
  const starter = machine(has);
  await enableBoot(service(), starter);
  rmSync(join(folder, 'boot.json'));
  expect(await bootManager(folder)).toBeUndefined();
  expect(await foundBootManager(folder, starter)).toBe(has ? 'systemd' : 'cron');
  expect(await disableBoot(folder, starter)).toBe(has ? 'systemd' : 'cron');
  expect(await foundBootManager(folder, starter)).toBeUndefined();
});

describe('without systemd', () => {
  test("a line of root's crontab comes and goes; what else is in it stays as it is", async () => {
    const others = '# mine\n0 3 * * * backup 100\\%\n';
    writeFileSync(join(folder, 'crontab'), others);
    const cron = machine(false);
    expect(await enableBoot(service(), cron)).toBe('cron');
    await enableBoot(service(), cron);
    expect(readFileSync(join(folder, 'crontab'), 'utf8')).toBe(
      `${others}@reboot /bin/sh ${folder}/keeper.sh # kf server enable\n`,
    );
    expect(await checkedBootManager(folder, cron)).toBe('cron');
    expect(await disableBoot(folder, cron)).toBe('cron');
    expect(readFileSync(join(folder, 'crontab'), 'utf8')).toBe(others);
    expect(existsSync(join(folder, 'keeper.sh'))).toBe(false);
  });

  test('where there was no crontab there is none afterwards; two servers have a line each', async () => {
    const cron = machine(false);
    await enableBoot(service(), cron);
    await disableBoot(folder, cron);
    expect(existsSync(join(folder, 'crontab'))).toBe(false);
    const both = withLine(withLine('', '/srv/a'), "/srv/it's 5%");
    expect(both.split('\n').length).toBe(3);
    expect(both).toContain("'/srv/it'\\''s 5\\%/keeper.sh'");
    expect(withoutLine(both, "/srv/it's 5%")).toBe(withLine('', '/srv/a'));
  });

  test('no cron either: nothing is changed, and it is said what to install', async () => {
    const bare: BootMachine = { ...machine(false), run: (command, args) => runProgram(`${command}-missing`, args) };
    await expect(enableBoot(service(), bare)).rejects.toMatchObject({
      message: 'this machine has neither systemd nor cron to start the server at boot',
      tips: [{ command: 'apt-get install -y cron' }],
    });
    expect(await bootManager(folder)).toBeUndefined();
    expect(existsSync(join(folder, 'keeper.sh'))).toBe(false);
  });

  test('the keeper starts again what crashed, ends with what ended well, gives up at once only when told to', () => {
    const server = join(folder, 'server');
    // Crashes twice, then ends well.
    writeFileSync(server, '#!/bin/sh\necho "$KF_PORT" >>starts\ntouch server.json\n[ $(wc -l <starts) -ge 3 ]\n');
    chmodSync(server, 0o755);
    const script = keeperScript({ home: folder, argv: ['env', '-C', folder, server], env: { KF_PORT: "1 'x" } });
    const quick = script.replace(/^ {2}sleep .*$/m, '');
    writeFileSync(join(folder, 'keeper.sh'), quick);
    execFileSync('/bin/sh', [join(folder, 'keeper.sh')]);
    expect(readFileSync(join(folder, 'starts'), 'utf8')).toBe("1 'x\n".repeat(3));
    expect(existsSync(join(folder, 'keeper.pid'))).toBe(false);
    writeFileSync(server, '#!/bin/sh\necho no\nexit 1\n');
    expect(() => execFileSync('/bin/sh', [join(folder, 'keeper.sh'), 'first'])).toThrow();
    expect(readFileSync(join(folder, 'server.log'), 'utf8')).toBe('no\n');
  });
});
