import { request } from '../api/client';
import { queryClient, type Session } from '../api/queries';
import { connect } from '../live/connection';
import { forgetJobs } from '../live/jobs-store';

/** The page forgets what it was shown; the next one to sit here may be somebody else. */
export async function logOut(): Promise<void> {
  const session = await request<Session>('/api/session', { method: 'DELETE' });
  queryClient.setQueryData(['session'], session);
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  forgetJobs();
  connect();
}
