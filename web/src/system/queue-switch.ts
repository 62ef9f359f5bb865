import { Failed, request } from '../api/client';
import { type QueueState, queryClient } from '../api/queries';
import { toast } from '../ui/toast';

/** Paused, nothing new is claimed; running jobs go on. */
export async function setQueuePaused(paused: boolean): Promise<void> {
  try {
    const state = await request<QueueState>(`/api/queue/${paused ? 'pause' : 'resume'}`, {
      method: 'POST',
      body: {},
    });
    queryClient.setQueryData(['queue'], state);
    toast(paused ? 'Paused the queue.' : 'Resumed the queue.', { undo: () => void setQueuePaused(!paused) });
  } catch (error) {
    toast(error instanceof Failed ? error.message : String(error), { tone: 'bad' });
  }
}
