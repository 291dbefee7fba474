import { describe, expect, it } from 'vitest';
import { resolve } from '../../../src/node/network/resolv-conf.ts';

describe('resolve', () => {
  it('keeps servers, search domains and options, and nothing else', () => {
    const text =
      '# made by hand\nnameserver 10.0.0.53\nnameserver 10.0.0.54\nsearch corp lan\noptions ndots:2\nsortlist x\n';
    expect(resolve([text])).toEqual({
      text: 'nameserver 10.0.0.53\nnameserver 10.0.0.54\nsearch corp lan\noptions ndots:2\n',
      nameservers: ['10.0.0.53', '10.0.0.54'],
    });
  });

  it('finds the real servers behind systemd-resolved’s stub', () => {
    const stub = 'nameserver 127.0.0.53\noptions edns0\nsearch lan\n';
    const real = 'nameserver 192.168.1.1\nnameserver fe80::1%2\nsearch lan\n';
    expect(resolve([stub, real]).text).toBe('nameserver 192.168.1.1\nsearch lan\n');
    expect(resolve([stub, undefined, real]).nameservers).toEqual(['192.168.1.1']);
  });

  it('leaves out the loopback server among others', () => {
    expect(resolve(['nameserver 127.0.0.1\nnameserver 9.9.9.9\n', 'nameserver 1.1.1.1\n']).nameservers).toEqual([
      '9.9.9.9',
    ]);
  });

  it('says why names will not resolve', () => {
    expect(resolve(['nameserver 127.0.0.1\nsearch lan\n'])).toEqual({
      text: 'search lan\n',
      nameservers: [],
      warning:
        'tasks cannot resolve names: 127.0.0.1 can be reached by this machine only; add an IPv4 name server to /etc/resolv.conf',
    });
    expect(resolve(['nameserver ::1\n']).warning).toContain('::1');
    expect(resolve([undefined, undefined]).warning).toContain('this machine names no name server');
  });
});
