import { describe, expect, it } from 'vitest';
import {
  emptyTables,
  type FirewallPlan,
  installText,
  isInstalled,
  policyChains,
  removeText,
  restrictText,
} from '../../../src/node/network/firewall-rules.ts';
import { Restrictions } from '../../../src/node/network/restrictions.ts';
import { parseSubnet } from '../../../src/resources/ipv4.ts';

const plan: FirewallPlan = {
  prefix: 'kf-a',
  bridge: 'kf-a',
  subnet: parseSubnet('10.9.0.0/20')!,
  deniedNetworks: ['169.254.0.0/16'],
  deniedHostPorts: [6443],
  nameservers: ['10.255.255.53'],
};

const none = () => new Restrictions('kf-a');

/** What iptables-save says once the text has been restored, as far as it matters here. */
const saved = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/^-I (\S+) 1 /, '-A $1 '))
    .join('\n');

describe('installText', () => {
  it('puts our chains before all others', () => {
    const text = installText(plan, none(), '');
    for (const from of ['INPUT', 'FORWARD', 'PREROUTING', 'POSTROUTING'])
      expect(text).toContain(`-I ${from} 1 -j KF-A-${from}`);
    expect(text.split('\n').filter((line) => line === 'COMMIT')).toHaveLength(2);
  });

  it('takes away the jumps of an earlier start, however many', () => {
    const before =
      '*filter\n:KF-A-INPUT - [0:0]\n-A INPUT -j other\n-A INPUT -j KF-A-INPUT\n-A INPUT -j KF-A-INPUT\nCOMMIT\n';
    const lines = installText(plan, none(), before).split('\n');
    expect(lines.filter((line) => line === '-D INPUT -j KF-A-INPUT')).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('-D'))).toHaveLength(2);
  });

  it('refuses denied networks and ports before it accepts anything from a task', () => {
    const lines = installText(plan, none(), '').split('\n');
    const at = (part: string) => lines.findIndex((line) => line.includes(part));
    expect(at('KF-A-INPUT -i kf-a -d 169.254.0.0/16')).toBeLessThan(at('KF-A-INPUT -i kf-a -d 10.9.0.1/32 -j ACCEPT'));
    expect(at('--dport 6443')).toBeLessThan(at('-d 10.9.0.1/32 -j ACCEPT'));
    expect(at('KF-A-FORWARD -i kf-a -d 169.254.0.0/16')).toBeLessThan(at('KF-A-FORWARD -i kf-a -j ACCEPT'));
  });

  it('leaves the name service of a cloud open, and only that', () => {
    const text = installText({ ...plan, nameservers: ['169.254.169.254', '10.0.0.2'] }, none(), '');
    expect(text).toContain('-d 169.254.169.254/32 -p udp --dport 53 -j ACCEPT');
    expect(text).toContain('-d 169.254.169.254/32 -p tcp --dport 53 -j ACCEPT');
    expect(text).not.toContain('10.0.0.2/32 -p udp');
  });
});

describe('removeText', () => {
  it('takes out what is there, and only that', () => {
    const text = removeText('kf-a', saved(installText(plan, none(), '')));
    expect(text.match(/^-X .*/gm)).toEqual([
      '-X KF-A-INPUT',
      '-X KF-A-FORWARD',
      '-X KF-A-E',
      '-X KF-A-HOSTPORTS',
      '-X KF-A-PREROUTING',
      '-X KF-A-NATINPUT',
      '-X KF-A-POSTROUTING',
      '-X KF-A-DNAT',
    ]);
    expect(text.match(/^-D .*/gm)).toHaveLength(5);
    expect(removeText('kf-b', saved(installText(plan, none(), '')))).toBe('');
  });
});

describe('isInstalled', () => {
  it('notices any rule that is gone', () => {
    const complete = saved(installText(plan, none(), ''));
    expect(isInstalled(plan, none(), complete)).toBe(true);
    const rules = complete.split('\n').filter((line) => line.startsWith('-A'));
    for (const rule of rules) expect(isInstalled(plan, none(), complete.replace(`${rule}\n`, ''))).toBe(false);
  });
});

describe('restrictions of single Pods', () => {
  const to = (text: string) => parseSubnet(text)!;
  const some = () => {
    const restrictions = new Restrictions('kf-a');
    restrictions.set('10.9.0.5', { egress: [], hostPorts: [] });
    restrictions.set('10.9.0.6', {
      egress: [{ to: to('0.0.0.0/0'), protocol: 'udp', ports: [53, 53] }, { to: to('192.0.2.0/24') }],
      hostPorts: [],
    });
    restrictions.set('10.9.0.7', { egress: [], hostPorts: [6379, 5432] });
    return restrictions;
  };
  const rulesOf = (text: string, chain: string) =>
    text.split('\n').flatMap((line) => (line.startsWith(`-A ${chain} `) ? [line.slice(chain.length + 4)] : []));

  it('Pods with the same policy share a chain; what is not allowed is refused at its end', () => {
    const text = restrictText(plan, some(), []);
    const jumps = rulesOf(text, 'KF-A-E').map((rule) => /-s (\S+) .* -j (\S+)$/.exec(rule)!.slice(1));
    expect(jumps.map(([address]) => address)).toEqual(['10.9.0.5/32', '10.9.0.6/32', '10.9.0.7/32']);
    const [nothing, open, again] = jumps.map(([, chain]) => chain!);
    expect(again).toBe(nothing);
    expect(open).not.toBe(nothing);
    for (const chain of [nothing!, open!]) expect(chain.length).toBeLessThan(29);
    expect(rulesOf(text, open!)).toEqual([
      '-m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN',
      '-p udp -m udp --dport 53 -j RETURN',
      '-d 192.0.2.0/24 -j RETURN',
      '-p tcp -j REJECT --reject-with tcp-reset',
      '-j REJECT --reject-with icmp-admin-prohibited',
    ]);
    expect(rulesOf(text, 'KF-A-DNAT').map((rule) => /--dport (\d+)/.exec(rule)?.[1])).toEqual(['5432', '6379']);
  });

  it('a Pod without any has no rule, and setting that changes nothing', () => {
    const restrictions = none();
    expect(restrictions.set('10.9.0.9', { hostPorts: [] })).toBe(false);
    expect(restrictText(plan, restrictions, [])).not.toMatch(/^-/m);
  });

  it('what the kernel holds is read back after a restart, and repeating it changes nothing', () => {
    const text = saved(installText(plan, some(), ''));
    const again = none();
    again.load(text);
    expect(saved(installText(plan, again, ''))).toBe(text);
    expect(again.set('10.9.0.5', { egress: [], hostPorts: [] })).toBe(false);
    expect(again.set('10.9.0.7', { egress: [], hostPorts: [5432, 6379] })).toBe(false);
    expect(again.retain(new Set(['10.9.0.6']))).toBe(true);
    expect(restrictText(plan, again, [])).not.toMatch(/10\.9\.0\.[57]/);
  });

  it('a chain that somebody emptied counts as gone', () => {
    const text = saved(installText(plan, some(), ''));
    const again = none();
    again.load(text.replaceAll(/^-A KF-A-E-.*\n/gm, ''));
    expect(installText(plan, again, text)).not.toMatch(/-j KF-A-E-/);
    expect(again.set('10.9.0.5', { egress: [], hostPorts: [] })).toBe(true);
    expect(again.set('10.9.0.7', { egress: [], hostPorts: [5432, 6379] })).toBe(true);
  });

  it('the chain of a policy that nobody has any more goes', () => {
    const restrictions = some();
    const before = policyChains(plan, restrictions);
    restrictions.set('10.9.0.6', { hostPorts: [] });
    const text = restrictText(plan, restrictions, before);
    expect(text.match(/^-X .*/gm)).toHaveLength(1);
    expect(before).toContain(/^-X (.*)/m.exec(text)![1]);
  });

  it('every rule of theirs is missed when it is gone', () => {
    const complete = saved(installText(plan, some(), ''));
    expect(isInstalled(plan, some(), complete)).toBe(true);
    for (const rule of complete.split('\n').filter((line) => line.startsWith('-A')))
      expect(isInstalled(plan, some(), complete.replace(`${rule}\n`, ''))).toBe(false);
  });

  it('a policy is asked before anything of a task is accepted', () => {
    const lines = installText(plan, some(), '').split('\n');
    for (const chain of ['INPUT', 'FORWARD']) {
      const policy = lines.indexOf(`-A KF-A-${chain} -i kf-a -j KF-A-E`);
      const accept = lines.findIndex(
        (line) => line.startsWith(`-A KF-A-${chain} -i kf-a`) && line.endsWith('-j ACCEPT'),
      );
      expect(policy).toBeGreaterThan(0);
      expect(policy).toBeLessThan(accept);
    }
    const api = lines.findIndex((line) => line.includes('--dport 6443'));
    expect(api).toBeLessThan(lines.findIndex((line) => line.endsWith('-j KF-A-HOSTPORTS')));
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
