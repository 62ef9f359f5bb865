/** What people write for sizes and bit rates; the same words as the server's. */

const SIZE = /^\s*(\d+(?:[.,]\d+)?)\s*([kmgt]?)(i?)b?\s*$/i;
const RATE = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)(?:b(?:it)?(?:\/s|ps)?)?\s*$/i;
const POWER: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

export function parseBytes(text: string): number | null {
  const match = SIZE.exec(text);
  if (!match) return null;
  return Math.round(
    Number(match[1]?.replace(',', '.')) *
      (match[3] ? 1024 : 1000) ** (POWER[(match[2] ?? '').toLowerCase()] ?? 0),
  );
}

export function parseBitRate(text: string): number | null {
  const match = RATE.exec(text);
  if (!match) return null;
  return Math.round(Number(match[1]) * 1000 ** (POWER[(match[2] ?? '').toLowerCase()] ?? 0));
}

export const RATE_UNITS = ['kb/s', 'Mb/s'] as const;
export type RateUnit = (typeof RATE_UNITS)[number];

/** "1.8M" → 1.8 and Mb/s. */
export function splitRate(value: unknown, usual: RateUnit): { amount: string; unit: RateUnit } {
  if (value === undefined || value === '') return { amount: '', unit: usual };
  const bits = typeof value === 'number' ? value : parseBitRate(String(value));
  if (bits === null) return { amount: String(value), unit: usual };
  const written = /([km])/i.exec(String(value))?.[1]?.toLowerCase();
  const unit = written === 'm' || (!written && bits >= 1e6) ? 'Mb/s' : 'kb/s';
  return { amount: String(Number((bits / (unit === 'Mb/s' ? 1e6 : 1000)).toPrecision(12))), unit };
}

export function joinRate(amount: string, unit: RateUnit): string | undefined {
  const text = amount.trim().replace(',', '.');
  if (text === '') return undefined;
  return /^\d+(\.\d+)?$/.test(text) ? `${text}${unit === 'Mb/s' ? 'M' : 'k'}` : text;
}
