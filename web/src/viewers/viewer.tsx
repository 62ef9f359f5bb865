/** Which viewer a result gets: by the type of what came out and by the shape of its data, never by the task's name. */
import { lazy, Suspense } from 'react';
import { outputUrl } from '../api/client';
import { useOutputJson } from '../api/queries';
import type { Job } from '../api/types';
import { mayHavePoster } from '../text/names';
import { DataTables } from './data-tables';
import { ImageGrid, isPicture } from './image-grid';

const CompareViewer = lazy(async () => ({ default: (await import('./compare-viewer')).CompareViewer }));
const WaveViewer = lazy(async () => ({ default: (await import('./wave-viewer')).WaveViewer }));
const StripViewer = lazy(async () => ({ default: (await import('./strip-viewer')).StripViewer }));

/** Larger tables are offered as a download. */
const MOST_JSON = 4 * 1024 * 1024;

export function Viewer({ job }: { job: Job }) {
  const { result } = job;
  if (!result) return null;
  const { outputs, data } = result;
  const [only] = outputs.length === 1 ? outputs : [];
  const pictures = outputs.filter(({ media_type }) => isPicture(media_type));
  if (only && /^video\//.test(only.media_type)) {
    return (
      <Suspense fallback={<Room />}>
        <CompareViewer key={job.id} job={job} compared={mayHavePoster(job)} />
      </Suspense>
    );
  }
  if (only && /^audio\//.test(only.media_type)) {
    return (
      <Suspense fallback={<Room />}>
        <WaveViewer key={job.id} job={job} result />
      </Suspense>
    );
  }
  if (pictures.length > 0) return <ImageGrid job={job} pictures={pictures} />;
  const table =
    only && /json/.test(only.media_type) && only.size_bytes <= MOST_JSON
      ? outputUrl(job.id, only.name)
      : null;
  return <DataOutput job={job} url={table} data={data} />;
}

/** The stage keeps its place while its code comes. */
const Room = () => <div className="stage aspect-video w-full" />;

function DataOutput({ job, url, data }: { job: Job; url: string | null; data: Record<string, unknown> }) {
  const { data: file, isLoading } = useOutputJson(url);
  const shown =
    file && typeof file === 'object' && !Array.isArray(file) ? (file as Record<string, unknown>) : data;
  if (url && isLoading) return null;
  const cuts = Array.isArray(data.cuts) ? data.cuts : Array.isArray(shown.cuts) ? shown.cuts : null;
  const isWave =
    Array.isArray(shown.min) || (typeof data.samples === 'number' && typeof data.channels === 'number');
  return (
    <>
      {cuts && (
        <Suspense fallback={<div className="stage h-[132px]" />}>
          <StripViewer
            job={job}
            cuts={cuts as { time_s: number; score?: number; frame?: number }[]}
            duration={Number(data.duration_s ?? shown.duration_s ?? 0)}
          />
        </Suspense>
      )}
      {isWave && (
        <Suspense fallback={<Room />}>
          <WaveViewer key={job.id} job={job} result={false} />
        </Suspense>
      )}
      {Object.keys(shown).length > 0 && (
        <DataTables data={shown} compact={isWave} name={job.result?.outputs[0]?.name ?? 'result'} />
      )}
    </>
  );
}
