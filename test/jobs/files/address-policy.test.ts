import { describe, expect, it } from 'vitest';
import { createAddressPolicy } from '../../../src/network/address-policy.ts';
import { failureOf } from './job-run.ts';

const closed = createAddressPolicy([]);

describe('28 without an allow-list', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['100.64.0.1', 'carrier-grade NAT'],
    ['100.100.100.200', 'carrier-grade NAT'],
    ['168.63.129.16', 'metadata'],
    ['192.0.0.192', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['203.0.113.9', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.250', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['[::1]', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:a00:1', 'private'],
    ['::127.0.0.1', 'loopback'],
    ['fc00::1', 'private'],
    ['fd00:ec2::254', 'private'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['fec0::1', 'private'],
    ['ff02::1', 'multicast'],
    ['64:ff9b::7f00:1', 'translated (NAT64)'],
    ['64:ff9b:1::a00:1', 'translated (NAT64)'],
    ['2002:7f00:1::', 'tunnelled (6to4)'],
    ['2001:0:4136:e378::1', 'tunnelled (Teredo)'],
    ['2001:db8::1', 'reserved'],
    ['3fff::1', 'reserved'],
    ['100::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['2130706433', 'malformed'],
    ['0177.0.0.1', 'malformed'],
    ['localhost', 'malformed'],
    ['', 'malformed'],
  ])('%s is refused as %s', (address, reason) => {
    expect(closed.refusal('host', address)).toBe(reason);
  });

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])(
    '%s may be contacted',
    (address) => {
      expect(closed.refusal('host', address)).toBeNull();
    },
  );
});

describe('an allow-list', () => {
  const policy = createAddressPolicy(['10.1.0.0/16', '127.0.0.1', 'NAS.local', '*.lan.example', 'fd00::/8']);

  it.each([
    ['x', '10.1.2.3', true],
    ['x', '10.2.2.3', false],
    ['x', '127.0.0.1', true],
    ['x', '::ffff:127.0.0.1', true],
    ['x', '127.0.0.2', false],
    ['nas.local', '192.168.0.9', true],
    ['NAS.LOCAL.', '192.168.0.9', true],
    ['evil-nas.local', '192.168.0.9', false],
    ['a.lan.example', '192.168.0.9', true],
    ['lan.example', '192.168.0.9', false],
    ['evillan.example', '192.168.0.9', false],
    ['x', 'fd12::1', true],
    ['x', 'fe80::1', false],
  ])('host %s at %s: %s', (host, address, allowed) => {
    expect(policy.refusal(host, address) === null).toBe(allowed);
  });

  it('refuses entries that mean nothing', async () => {
    for (const bad of ['10.0.0.0/99', 'http://x', '', '10.0.0.0/8/8', 'a b', '*']) {
      const failure = await failureOf((async () => createAddressPolicy([bad]))(), 'invalid_config');
      expect(failure.message).toContain(`"${bad}"`);
    }
  });
});
