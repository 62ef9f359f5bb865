/**
 * Which addresses may be contacted: the public internet, and what the configuration allows.
 * Ranges: https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry
 */
import ipaddr from 'ipaddr.js';
import { MillError } from '../core/errors.ts';

type Address = ReturnType<typeof ipaddr.parse>;
type Cidr = ReturnType<typeof ipaddr.parseCIDR>;

/** Only this part of IPv6 is given out for the public internet. */
const GLOBAL_UNICAST: Cidr = ipaddr.parseCIDR('2000::/3');

/** Services of cloud providers that hand out credentials on addresses of the public range. */
const METADATA_ADDRESSES = new Set(['168.63.129.16']);

/** Words for the ranges that people meet; the others are "reserved". */
const RANGE_WORDS: Record<string, string> = {
  unspecified: 'unspecified',
  broadcast: 'broadcast',
  multicast: 'multicast',
  linkLocal: 'link-local',
  loopback: 'loopback',
  private: 'private',
  uniqueLocal: 'private',
  deprecatedSiteLocal: 'private',
  carrierGradeNat: 'carrier-grade NAT',
  rfc6052: 'translated (NAT64)',
  '6to4': 'tunnelled (6to4)',
  teredo: 'tunnelled (Teredo)',
};

export interface AddressPolicy {
  /**
   * Why `address`, which `hostname` resolves to, may not be contacted: a word such as `private`; null when it
   * may. An IPv4 address inside an IPv6 one (`::ffff:10.0.0.1`) is judged as what it is.
   */
  refusal(hostname: string, address: string): string | null;
}

/**
 * `allow` has addresses, CIDR ranges, host names, and `*.example.org` for every name below one. A host name
 * is allowed whatever it resolves to.
 */
export function createAddressPolicy(allow: readonly string[]): AddressPolicy {
  const rules = allow.map(parseRule);
  return {
    refusal(hostname, text) {
      const address = parseAddress(text);
      if (address === null) return 'malformed';
      const host = normalizeHost(hostname);
      if (rules.some((rule) => rule(host, address))) return null;
      return refusalOf(address);
    },
  };
}

function refusalOf(address: Address): string | null {
  if (METADATA_ADDRESSES.has(address.toString())) return 'metadata';
  const range = address.range();
  const global = address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST);
  if (range === 'unicast' && global) return null;
  return RANGE_WORDS[range] ?? 'reserved';
}

type Rule = (host: string, address: Address) => boolean;

function parseRule(entry: string): Rule {
  const text = entry.trim();
  if (text.includes('/')) {
    if (!ipaddr.isValidCIDR(text)) throw badRule(entry);
    const cidr = ipaddr.parseCIDR(text);
    return (_host, address) => address.kind() === cidr[0].kind() && address.match(cidr);
  }
  const single = parseAddress(text);
  if (single) return (_host, address) => address.toNormalizedString() === single.toNormalizedString();
  const name = normalizeHost(text.replace(/^\*\./, ''));
  if (!/^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*$/u.test(name)) throw badRule(entry);
  return text.startsWith('*.') ? (host) => host.endsWith(`.${name}`) : (host) => host === name;
}

function badRule(entry: string): MillError {
  return new MillError(
    'invalid_config',
    `"${entry}" is no address, CIDR range or host name; the list of allowed networks cannot be used.`,
    { facts: { entry } },
  );
}

/** Strict: decimal and octal forms are for URL parsers, not for us. Mapped IPv4 comes out as IPv4. */
function parseAddress(text: string): Address | null {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return null;
  return ipaddr.process(bare);
}

function normalizeHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}
