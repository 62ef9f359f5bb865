/**
 * The ledger port: small records beside the queue, such as API keys, who owns a file, and webhook deliveries. Two
 * drivers implement it; one contract suite (`test/contracts/ledger.ts`) holds for both.
 *
 * Glossary
 * - *book*: records of one kind. It exists as soon as something is in it.
 * - *entry*: one record of a book, by its *id*. Its *value* is JSON.
 * - *place*: the number by which the entries of a book are in order; what it means is the book's business.
 * - *version*: rises with every write of an entry; a write may insist on the version it has seen.
 */
export interface LedgerEntry<T> {
  id: string;
  place: number;
  version: number;
  value: T;
}

export interface ListRange {
  /** Least and greatest place, both inclusive. */
  from?: number;
  to?: number;
  /** At most so many, 1…1000. */
  limit: number;
  /** `ascending` begins with the least place; entries of the same place are in the order of their ids. */
  order: 'ascending' | 'descending';
}

export interface Ledger {
  get<T>(book: string, id: string): Promise<LedgerEntry<T> | null>;
  /** Writes, whatever was there. */
  put(book: string, id: string, value: unknown, place?: number): Promise<void>;
  /** Writes unless there is one already; answers whether it did. */
  add(book: string, id: string, value: unknown, place?: number): Promise<boolean>;
  /** `add` for each, all in one step. */
  addAll(book: string, entries: readonly { id: string; value: unknown }[], place: number): Promise<void>;
  /** Writes if the entry is still as it was read; answers whether it did. */
  replace<T>(book: string, seen: LedgerEntry<T>, value: T, place?: number): Promise<boolean>;
  /** Answers whether there was one. */
  remove(book: string, id: string): Promise<boolean>;
  list<T>(book: string, range: ListRange): Promise<LedgerEntry<T>[]>;
  count(book: string): Promise<number>;
  /** Adds to a number that begins at 0 and never falls below; answers the sum. */
  adjust(book: string, id: string, by: number): Promise<number>;
  close(): Promise<void>;
}
