/**
 * The contract of the queue port: what every driver must do, on one store that several processes share. A
 * driver's own test calls it with a way to make an empty store.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { attemptsContract } from './queue/attempts.ts';
import { batchContract } from './queue/batches.ts';
import { cancelContract } from './queue/cancel.ts';
import { claimContract } from './queue/claim.ts';
import { dependencyContract } from './queue/dependencies.ts';
import { enqueueContract } from './queue/enqueue.ts';
import type { ContractPart, QueueDriver } from './queue/kit.ts';
import { leaseContract } from './queue/leases.ts';
import { listingContract } from './queue/listing.ts';
import { nextOrderContract } from './queue/next-order.ts';
import { notesContract } from './queue/notes.ts';
import { ownerContract } from './queue/owners.ts';
import { parentFailureContract } from './queue/parent-failure.ts';
import { pauseContract } from './queue/pause.ts';
import { retentionContract } from './queue/retention.ts';
import { runContract } from './queue/runs.ts';
import { serviceContract } from './queue/service.ts';
import { watchContract } from './queue/watching.ts';

export { type QueueDriver, TEST_BACKOFF } from './queue/kit.ts';

const PARTS: Record<string, ContractPart> = {
  enqueue: enqueueContract,
  claim: claimContract,
  attempts: attemptsContract,
  leases: leaseContract,
  'cancel, retry, remove': cancelContract,
  'jobs that wait for others': dependencyContract,
  'jobs whose parents fail': parentFailureContract,
  'batches that name each other': batchContract,
  'pause and resume': pauseContract,
  'runs of recipes': runContract,
  retention: retentionContract,
  listing: listingContract,
  'jobs that wait, in their order': nextOrderContract,
  'owners and the outbox': ownerContract,
  'notes of a run': notesContract,
  watching: watchContract,
  'workers, check, close': serviceContract,
};

export function queueContract(name: string, makeDriver: () => Promise<QueueDriver>): void {
  describe(`queue contract: ${name}`, () => {
    let driver: QueueDriver;
    beforeEach(async () => {
      driver = await makeDriver();
    });
    afterEach(async () => {
      await driver.dispose();
    });
    for (const [title, part] of Object.entries(PARTS)) describe(title, () => part(() => driver));
  });
}
