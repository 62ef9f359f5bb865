/** Damage to files and to JSON, from a seed: the same seed gives the same damage. */

export interface Chance {
  /** 0 ≤ n < below, whole. */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
}

/** https://prng.di.unimi.it/splitmix64.c, cut to 32 bits. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  const below = (limit: number) => next() % Math.max(1, limit);
  return { below, pick: (from) => from[below(from.length)] as (typeof from)[number] };
}

/** Headers decide more than content: half of the damage goes there. */
const HEADER_BYTES = 4096;

export function damageBytes(content: Buffer, { below, pick }: Chance): { bytes: Buffer; how: string } {
  const where = () => below(below(2) === 0 ? Math.min(HEADER_BYTES, content.length) : content.length);
  const how = pick([
    'flip',
    'flip',
    'flip',
    'flip',
    'truncate',
    'truncate',
    'zero',
    'splice',
    'number',
  ] as const);
  const bytes = Buffer.from(content);
  switch (how) {
    case 'flip':
      for (let n = 1 + below(32); n > 0; n--) {
        const at = where();
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      }
      return { bytes, how };
    case 'truncate':
      return { bytes: bytes.subarray(0, below(content.length)), how };
    case 'zero': {
      const at = where();
      bytes.fill(0, at, Math.min(bytes.length, at + 1 + below(2048)));
      return { bytes, how };
    }
    case 'splice': {
      const at = where();
      const from = below(content.length);
      return { bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(from)]), how };
    }
    case 'number': {
      // Sizes and counts at their limits.
      const at = Math.min(where(), Math.max(0, content.length - 4));
      if (content.length >= 4)
        bytes.writeUInt32BE(pick([0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff]), at);
      return { bytes, how };
    }
  }
}

const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e308,
  -0.5,
  2 ** 60,
  '',
  'a'.repeat(5000),
  '../../etc/passwd',
  '/data/input/../../etc/passwd',
  '\u0000',
  '\ud800',
  '%s%n',
  '<script>alert(1)</script>',
  [],
  {},
  [[[[[[]]]]]],
  { constructor: { prototype: { polluted: true } } },
  JSON.parse('{"__proto__":{"polluted":true}}'),
];

/** Some part of a value replaced, removed, doubled or renamed. */
export function damageJson(value: unknown, source: Chance): unknown {
  const { below, pick } = source;
  if (value === null || typeof value !== 'object' || below(4) === 0) return pick(STRANGE);
  if (Array.isArray(value)) {
    if (value.length === 0 || below(3) === 0) return [...value, pick(STRANGE)];
    const at = below(value.length);
    return value.map((one, index) => (index === at ? damageJson(one, source) : one));
  }
  const keys = Object.keys(value);
  if (keys.length === 0 || below(5) === 0)
    return { ...value, [pick(['x', '__proto__', '', 'constructor'])]: pick(STRANGE) };
  const key = pick(keys);
  const { [key]: chosen, ...rest } = value as Record<string, unknown>;
  return below(6) === 0 ? rest : { ...rest, [key]: damageJson(chosen, source) };
}
