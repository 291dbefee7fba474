import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeEgress, dnsRule, parseAllow } from '../../../src/cli/network-policies/allow.ts';
import { NetworkPolicy } from '../../../src/resources/core/network-policy.ts';
import { TestCli } from '../support.ts';

let cli: TestCli;
beforeAll(async () => {
  cli = await TestCli.start();
  await cli.ok('push', 'report', '--task', '-p', await cli.source({ a: '' }), '-c', 'true');
});
afterAll(() => cli.close());

const policies = async () => (await cli.server.client.list(NetworkPolicy, { namespace: 'dev' })).items;

describe('--allow', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7/32'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['192.0.2.7:5432', '192.0.2.7/32:5432/tcp'],
    ['10.0.0.0/8:53/udp', '10.0.0.0/8:53/udp'],
    ['0.0.0.0/0:8000-8100/TCP', '0.0.0.0/0:8000-8100/tcp'],
  ])('%s means %s', (text, shown) => {
    const rule = parseAllow(text);
    expect(describeEgress({ podSelector: {}, policyTypes: ['Egress'], egress: [rule] })).toEqual([shown]);
    const policy = { metadata: { name: 'p' }, spec: { podSelector: {}, egress: [rule] } } as unknown as NetworkPolicy;
    expect(NetworkPolicy.validate!(policy)).toEqual([]);
  });

  test.each([
    ['db.example.com:5432', '"db.example.com" is a name'],
    ['localhost', '"localhost" is a name'],
    ['10.1.2.3/8', 'the network is 10.0.0.0/8'],
    ['10.0.0.0/33', 'is no address or network'],
    ['10.0.0', 'is no address or network'],
    ['', 'is no address or network'],
    ['fd00::/8', 'is IPv6'],
    ['[::1]:80', 'is IPv6'],
    ['10.0.0.0/8:0', '"0" in "10.0.0.0/8:0" is no port'],
    ['10.0.0.0/8:70000', 'is no port'],
    ['10.0.0.0/8:90-80', 'is no port'],
    ['10.0.0.0/8:', 'is no port'],
    ['10.0.0.0/8:80/icmp', '"icmp" in "10.0.0.0/8:80/icmp" is no protocol'],
  ])('%j is refused', (text, complaint) => {
    expect(() => parseAllow(text)).toThrow(complaint);
  });

  test('names are port 53 of any address', () => {
    const spec = { podSelector: {}, policyTypes: ['Egress' as const], egress: [dnsRule] };
    expect(describeEgress(spec)).toEqual(['any:53/udp', 'any:53/tcp']);
    expect(describeEgress({ ...spec, egress: [] })).toEqual(['nothing']);
    expect(describeEgress({ podSelector: {}, policyTypes: ['Ingress'] })).toBeUndefined();
  });
});

describe('network policies', () => {
  test('are created, listed, shown and deleted', async () => {
    const { stdout, stderr } = await cli.ok(
      ...['create-network-policy', 'database', '--app', 'report', '--allow', '192.0.2.7:5432', '--dns'],
    );
    expect(stdout).toBe('Network policy database created.\n');
    expect(stderr).toContain('Tasks of App report now reach: 192.0.2.7/32:5432/tcp, any:53/udp, any:53/tcp;');
    expect((await policies())[0]?.spec).toMatchObject({
      podSelector: { matchLabels: { 'kf.dev/networkpolicy': 'app', 'app.kubernetes.io/name': 'report' } },
      policyTypes: ['Egress'],
    });
    await cli.ok('create-network-policy', 'shut', '--all-apps', '--allow', 'none');
    const { stdout: table } = await cli.ok('network-policies');
    expect(table).toMatch(/^Name +Applies To +Reaches +Age\n/);
    expect(table).toMatch(/^database +Tasks of report +192\.0\.2\.7\/32:5432\/tcp, any:53\/udp, any:53\/tcp +\d+s$/m);
    expect(table).toMatch(/^shut +all Tasks +nothing +\d+s$/m);
    const { stdout: one } = await cli.ok('network-policy', 'database');
    expect(one).toMatch(/^Applies To: +Tasks of report$/m);
    expect(one).toContain('192.0.2.7/32:5432/tcp');
    expect((await cli.ok('network-policies', '-o', 'name')).stdout).toBe(
      'networkpolicy.networking.k8s.io/database\nnetworkpolicy.networking.k8s.io/shut\n',
    );
    expect(JSON.parse((await cli.ok('network-policy', 'shut', '-o', 'json')).stdout)).toMatchObject({
      kind: 'NetworkPolicy',
      spec: { egress: [] },
    });
    for (const name of ['database', 'shut']) await cli.ok('delete-network-policy', name);
    expect(await policies()).toEqual([]);
  });

  test('kf task names those that limit it', async () => {
    await cli.ok('run-task', 'report', '-c', 'exit 0', '--wait');
    expect((await cli.ok('task', 'report', '1')).stdout).not.toContain('Network');
    await cli.ok('create-network-policy', 'shut', '--app', 'report', '--allow', 'none');
    await cli.ok('configure-space', 'set-app-egress-policy', 'DenyAll');
    await cli.ok('configure-space', 'set-build-egress-policy', 'DenyAll');
    expect((await cli.ok('task', 'report', '1')).stdout).toMatch(
      /^Network: +limited by shut, space-app-policy; see kf network-policies$/m,
    );
    await cli.ok('configure-space', 'set-build-egress-policy', 'PermitAll');
    await cli.ok('configure-space', 'set-app-egress-policy', 'PermitAll');
    await cli.ok('delete-network-policy', 'shut');
  });

  test('the Space’s own is a setting', async () => {
    await cli.ok('configure-space', 'set-app-egress-policy', 'DenyAll');
    expect((await cli.ok('network-policies')).stdout).toMatch(/^space-app-policy +all Tasks +nothing /m);
    const { code, stderr } = await cli.run('delete-network-policy', 'space-app-policy');
    expect(code).toBe(1);
    expect(stderr).toContain('kf configure-space set-app-egress-policy dev PermitAll');
    await cli.ok('configure-space', 'set-app-egress-policy', 'PermitAll');
    expect((await cli.ok('network-policies')).stdout).toBe('Name  Applies To  Reaches  Age\n');
  });

  test.each([
    [['p', '--allow', '10.0.0.0/8'], 'either --app APP or --all-apps'],
    [['p', '--app', 'report', '--all-apps', '--allow', '10.0.0.0/8'], 'either --app APP or --all-apps'],
    [['p', '--app', 'report'], '--allow is missing'],
    [['p', '--app', 'report', '--allow', 'none', '--dns'], '--allow none cannot stand beside'],
    [['p', '--app', 'nope', '--allow', '10.0.0.0/8'], '"nope" not found'],
    [['Not_A_Name', '--app', 'report', '--allow', '10.0.0.0/8'], '"Not_A_Name" is not a valid name'],
    [['p', '--app', 'report', '--allow', 'db:1'], '"db" is a name'],
    [['--app', 'report', '--allow', '10.0.0.0/8'], 'accepts 1 arg(s), received 0'],
  ])('create-network-policy %j creates nothing', async (argv, complaint) => {
    const { code, stderr } = await cli.run('create-network-policy', ...argv);
    expect(code).toBe(1);
    expect(stderr).toContain(complaint);
    expect(await policies()).toEqual([]);
  });

  test('a name that is taken, and one that is not there', async () => {
    const create = ['create-network-policy', 'p', '--app', 'report', '--allow', '10.0.0.0/8'];
    await cli.ok(...create);
    expect((await cli.run(...create)).stderr).toContain('exists already');
    await cli.ok('delete-network-policy', 'p');
    for (const command of ['network-policy', 'delete-network-policy']) {
      const { code, stderr } = await cli.run(command, 'p');
      expect(code).toBe(1);
      expect(stderr).toContain('network policy "p" not found in Space "dev"');
    }
  });
});
