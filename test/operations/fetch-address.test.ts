// Which addresses a redirect may not lead to.
import { expect, test } from 'vitest';
import { isLoopbackAddress, isPrivateAddress } from '../../src/operations/fetch-address.ts';

const privateIpv4 = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1'],
  ...['127.255.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.168.1.1'],
  ...['198.18.0.1', '198.19.255.255', '203.0.113.7', '224.0.0.1', '239.255.255.250', '255.255.255.255'],
];
const publicIpv4 = ['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '172.15.0.1'];

test.each(privateIpv4)('%s is private, and so is what stands for it', (address) => {
  expect(isPrivateAddress(address)).toBe(true);
  expect(isPrivateAddress(`::ffff:${address}`)).toBe(true);
  expect(isPrivateAddress(`64:ff9b::${address}`)).toBe(true);
  expect(isPrivateAddress(`::${address}`)).toBe(true);
});

test.each([...publicIpv4, '172.32.0.0', '192.167.255.255', '223.255.255.255'])('%s is public', (address) => {
  expect(isPrivateAddress(address)).toBe(false);
  expect(isPrivateAddress(`::ffff:${address}`)).toBe(false);
  expect(isPrivateAddress(`64:ff9b::${address}`)).toBe(false);
});

test.each([
  ...['::', '::1', 'fc00::1', 'fdff:ffff::1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1'],
  ...['::ffff:a00:1', '0:0:0:0:0:ffff:7f00:1', '64:ff9b::a00:1', '64:ff9b:1::1', '100::1', '4000::1'],
  ...['2001::1', '2001:db8::1', '2002:a00:1::', '3fff::1', '2a00::1%eth0'],
])('%s is private', (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each(['2606:4700:4700::1111', '2a00:1450::1', '2001:4860:4860::8888'])('%s is public', (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

test.each(['', 'localhost', '10.0.0', '0x7f.1', '1.1.1.1 '])(
  'what is no address, "%s", is private',
  (address) => {
    expect(isPrivateAddress(address)).toBe(true);
    expect(isLoopbackAddress(address)).toBe(false);
  },
);

test('loopback is 127.0.0.0/8 and ::1', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1'].filter((one) => !isLoopbackAddress(one))).toEqual([]);
  expect(['128.0.0.1', '0.0.0.0', '::', '::2', '10.0.0.1'].filter(isLoopbackAddress)).toEqual([]);
});
