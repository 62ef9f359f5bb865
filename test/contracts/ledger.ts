/** The contract of the ledger port: what every driver must do, on one store that several processes share. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/port.ts';

export interface LedgerDriver {
  /** Another handle, as another process would have. */
  open(): Promise<Ledger>;
  /** Closes all handles and removes the store. */
  dispose(): Promise<void>;
}

export function ledgerContract(name: string, makeDriver: () => Promise<LedgerDriver>): void {
  describe(`ledger contract: ${name}`, () => {
    let driver: LedgerDriver;
    let ledger: Ledger;
    let other: Ledger;
    beforeEach(async () => {
      driver = await makeDriver();
      ledger = await driver.open();
      other = await driver.open();
    });
    afterEach(() => driver.dispose());

    test('what one handle writes another reads at once', async () => {
      await ledger.put('keys', 'a', { name: 'é "quoted"', list: [1, 2] }, 7);
      expect(await other.get('keys', 'a')).toEqual({
        id: 'a',
        place: 7,
        version: 1,
        value: { name: 'é "quoted"', list: [1, 2] },
      });
      expect(await other.get('keys', 'b')).toBeNull();
      expect(await other.get('files', 'a')).toBeNull();
      expect([await other.count('keys'), await other.count('files')]).toEqual([1, 0]);
    });

    test('add never replaces, put does', async () => {
      expect(await ledger.add('b', 'x', 1)).toBe(true);
      expect(await other.add('b', 'x', 2)).toBe(false);
      expect((await ledger.get('b', 'x'))?.value).toBe(1);
      await other.put('b', 'x', 3);
      expect(await ledger.get('b', 'x')).toMatchObject({ value: 3, version: 2 });
    });

    test('addAll adds what is not there yet', async () => {
      await ledger.put('b', 'x', 'old', 1);
      await other.addAll(
        'b',
        [
          { id: 'x', value: 'new' },
          { id: 'y', value: { a: 'b c' } },
        ],
        5,
      );
      await other.addAll('b', [], 5);
      expect((await ledger.get('b', 'x'))?.value).toBe('old');
      expect(await ledger.get('b', 'y')).toMatchObject({ value: { a: 'b c' }, place: 5, version: 1 });
    });

    test('of many that replace the same entry one wins', async () => {
      await ledger.put('b', 'x', { n: 0 }, 5);
      const seen = await ledger.get<{ n: number }>('b', 'x');
      if (!seen) throw new Error('nothing there');
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 ? ledger : other).replace('b', seen, { n })),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await ledger.get('b', 'x')).toMatchObject({ value: { n: won.indexOf(true) }, place: 5 });
    });

    test('an entry that was removed is not replaced', async () => {
      await ledger.put('b', 'x', 1);
      const seen = await ledger.get<number>('b', 'x');
      expect([await other.remove('b', 'x'), await other.remove('b', 'x')]).toEqual([true, false]);
      if (seen) expect(await ledger.replace('b', seen, 2)).toBe(false);
      expect(await ledger.get('b', 'x')).toBeNull();
    });

    test('lists by place, both ways, between bounds, up to a limit', async () => {
      for (const [id, place] of [
        ['c', 3],
        ['a', 1],
        ['d', 3],
        ['b', 2],
        ['e', 1_800_000_000_000],
      ] as const) {
        await ledger.put('b', id, id, place);
      }
      const ids = async (range: object) =>
        (await other.list('b', { limit: 100, order: 'ascending', ...range })).map(({ id }) => id);
      expect(await ids({})).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(await ids({ order: 'descending' })).toEqual(['e', 'd', 'c', 'b', 'a']);
      expect(await ids({ from: 2, to: 3 })).toEqual(['b', 'c', 'd']);
      expect(await ids({ order: 'descending', to: 3, limit: 2 })).toEqual(['d', 'c']);
      await ledger.put('b', 'a', 'a', 9);
      expect(await ids({ to: 10 })).toEqual(['b', 'c', 'd', 'a']);
    });

    test('numbers are added up from all sides, and never fall below zero', async () => {
      await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? ledger : other).adjust('u', 'k', 10)));
      expect(await ledger.adjust('u', 'k', 0)).toBe(500);
      expect(await ledger.adjust('u', 'k', -700)).toBe(0);
      expect(await other.adjust('u', 'k', 3_000_000_000_000)).toBe(3_000_000_000_000);
    });
  });
}
