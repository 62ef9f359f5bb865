/** The addresses of the page. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { STATUSES, type Status } from './api/types';
import { JobsPage } from './jobs/jobs-page';
import { type Filter, PERIODS, type Period } from './live/filter';
import { Shell } from './shell/shell';
import { ErrorNotice, Notice } from './ui/notice';

export interface JobsSearch extends Filter {
  /** The job in the side panel. */
  peek?: string;
}

export interface NewSearch {
  task?: string;
  /** A job whose input and params are taken over. */
  from?: string;
  /** An input that is in the storage already. */
  input?: string;
  /** JSON of the params, in place of those of `from`. */
  params?: string;
  output?: string;
  timeout?: number;
}

const text = (value: unknown) => (value === undefined || value === '' ? undefined : String(value));

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <div className="p-12">
      <Notice title="There is no page at this address.">Go to the jobs with the link above.</Notice>
    </div>
  ),
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/jobs', search: {}, replace: true });
  },
});

export const jobsRoute = createRoute({
  getParentRoute: () => root,
  path: '/jobs',
  component: JobsPage,
  validateSearch: (search: Record<string, unknown>): JobsSearch => ({
    status: STATUSES.includes(search.status as Status) ? (search.status as Status) : undefined,
    task: text(search.task),
    q: text(search.q),
    since:
      search.since !== undefined && String(search.since) in PERIODS ? (search.since as Period) : undefined,
    peek: text(search.peek),
  }),
});

export const jobRoute = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$id',
  component: lazyRouteComponent(() => import('./job/job-page'), 'JobPage'),
  validateSearch: (search: Record<string, unknown>): { log?: 'all' } =>
    search.log === 'all' ? { log: 'all' } : {},
});

export const newRoute = createRoute({
  getParentRoute: () => root,
  path: '/new',
  component: lazyRouteComponent(() => import('./new/new-page'), 'NewPage'),
  validateSearch: (search: Record<string, unknown>): NewSearch => ({
    task: text(search.task),
    from: text(search.from),
    input: text(search.input),
    params: text(search.params),
    output: text(search.output),
    timeout: Number(search.timeout) > 0 ? Number(search.timeout) : undefined,
  }),
});

export const systemRoute = createRoute({
  getParentRoute: () => root,
  path: '/system',
  component: lazyRouteComponent(() => import('./system/system-page'), 'SystemPage'),
  validateSearch: (search: Record<string, unknown>): { range?: '24h' | '7d' } =>
    search.range === '24h' || search.range === '7d' ? { range: search.range } : {},
});

export const router = createRouter({
  routeTree: root.addChildren([home, jobsRoute, jobRoute, newRoute, systemRoute]),
  defaultPreload: 'intent',
  scrollRestoration: false,
  defaultErrorComponent: ({ error, reset }) => (
    <div className="p-12">
      <ErrorNotice error={error} retry={reset} />
    </div>
  ),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
