// Which IP addresses are private: not for a server on the Internet to send us to.
import { BlockList, isIP } from 'node:net';

/** IANA's special-purpose addresses of IPv4 (RFC 6890 and its registry), multicast and what is reserved. */
const specialIpv4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** IPv6 addresses that stand for an IPv4 address: mapped (RFC 4291 section 2.5.5.2), NAT64 (RFC 6052). */
const carriers = ['::ffff:', '64:ff9b::'];
/** Inside 2000::/3: protocol assignments with Teredo, documentation, 6to4. */
const specialIpv6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const special = new BlockList();
for (const [net, bits] of specialIpv4) {
  special.addSubnet(net, bits, 'ipv4');
  for (const carrier of carriers) special.addSubnet(`${carrier}${net}`, 96 + bits, 'ipv6');
}
for (const [net, bits] of specialIpv6) special.addSubnet(net, bits, 'ipv6');

/** All of IPv6 that can be public: so loopback, local and multicast addresses, and those of later days, are not. */
const global = new BlockList();
global.addSubnet('2000::', 3, 'ipv6');
for (const carrier of carriers) global.addSubnet(`${carrier}0.0.0.0`, 96, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address is not one of the public Internet. What is no address counts as private. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return special.check(address, 'ipv4');
  // A zone (`fe80::1%eth0`) is only there for addresses of a link.
  if (family !== 6 || address.includes('%')) return true;
  return !global.check(address, 'ipv6') || special.check(address, 'ipv6');
}

/** Whether an address is 127.0.0.0/8 or ::1. */
export function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  return loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
