import { describe, expect, it } from 'vitest';
import {
  emptyTables,
  type FirewallPlan,
  installText,
  isInstalled,
  removeText,
} from '../../../src/node/network/firewall-rules.ts';
import { parseSubnet } from '../../../src/resources/ipv4.ts';

const plan: FirewallPlan = {
  prefix: 'kf-a',
  bridge: 'kf-a',
  subnet: parseSubnet('10.9.0.0/20')!,
  deniedNetworks: ['169.254.0.0/16'],
  deniedHostPorts: [6443],
  nameservers: ['10.255.255.53'],
};

/** What iptables-save says once the text has been restored, as far as it matters here. */
const saved = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/^-I (\S+) 1 /, '-A $1 '))
    .join('\n');

describe('installText', () => {
  it('puts our chains before all others', () => {
    const text = installText(plan, '');
    for (const from of ['INPUT', 'FORWARD', 'POSTROUTING']) expect(text).toContain(`-I ${from} 1 -j KF-A-${from}`);
    expect(text.split('\n').filter((line) => line === 'COMMIT')).toHaveLength(2);
  });

  it('takes away the jumps of an earlier start, however many', () => {
    const before =
      '*filter\n:KF-A-INPUT - [0:0]\n-A INPUT -j other\n-A INPUT -j KF-A-INPUT\n-A INPUT -j KF-A-INPUT\nCOMMIT\n';
    const lines = installText(plan, before).split('\n');
    expect(lines.filter((line) => line === '-D INPUT -j KF-A-INPUT')).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('-D'))).toHaveLength(2);
  });

  it('refuses denied networks and ports before it accepts anything from a task', () => {
    const lines = installText({ ...plan, prefix: 'kf-a' }, '').split('\n');
    const at = (part: string) => lines.findIndex((line) => line.includes(part));
    expect(at('KF-A-INPUT -i kf-a -d 169.254.0.0/16')).toBeLessThan(at('KF-A-INPUT -i kf-a -d 10.9.0.1/32 -j ACCEPT'));
    expect(at('--dport 6443')).toBeLessThan(at('-d 10.9.0.1/32 -j ACCEPT'));
    expect(at('KF-A-FORWARD -i kf-a -d 169.254.0.0/16')).toBeLessThan(at('KF-A-FORWARD -i kf-a -j ACCEPT'));
  });

  it('leaves the name service of a cloud open, and only that', () => {
    const text = installText({ ...plan, nameservers: ['169.254.169.254', '10.0.0.2'] }, '');
    expect(text).toContain('-d 169.254.169.254/32 -p udp --dport 53 -j ACCEPT');
    expect(text).toContain('-d 169.254.169.254/32 -p tcp --dport 53 -j ACCEPT');
    expect(text).not.toContain('10.0.0.2/32 -p udp');
  });
});

describe('removeText', () => {
  it('takes out what is there, and only that', () => {
    const text = removeText('kf-a', saved(installText(plan, '')));
    expect(text.match(/^-X .*/gm)).toEqual(['-X KF-A-INPUT', '-X KF-A-FORWARD', '-X KF-A-POSTROUTING']);
    expect(text.match(/^-D .*/gm)).toHaveLength(3);
    expect(removeText('kf-b', saved(installText(plan, '')))).toBe('');
  });
});

describe('isInstalled', () => {
  it('notices any rule that is gone', () => {
    const complete = saved(installText(plan, ''));
    expect(isInstalled(plan, complete)).toBe(true);
    const rules = complete.split('\n').filter((line) => line.startsWith('-A'));
    for (const rule of rules) expect(isInstalled(plan, complete.replace(`${rule}\n`, ''))).toBe(false);
  });
});

it('emptyTables names tables without rules, chains and policies', () => {
  const text = [
    '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT',
    '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT',
    '*raw\n:OUTPUT ACCEPT [0:0]\n:MINE - [0:0]\nCOMMIT',
    '*mangle\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j ACCEPT\nCOMMIT\n',
  ].join('\n');
  expect(emptyTables(text)).toEqual(['nat']);
});
