/** The source of a job that failed: what its header says, and what can be read. */
import { jobUrl } from '../api/client';
import type { FileInfo, Job } from '../api/types';
import { size } from '../text/numbers';
import { mediaClock } from '../text/time';
import { Panel } from './panel';

export function SourcePanel({ job, info }: { job: Job; info: FileInfo | undefined }) {
  if (!job.input_path) return null;
  const { announced_s, found_s, at_s } = job.error?.facts ?? {};
  const video = info?.source?.streams?.find(({ kind }) => kind === 'video');
  const readable = [found_s, at_s].find((value) => typeof value === 'number') as number | undefined;
  const announced = typeof announced_s === 'number' ? announced_s : info?.duration_s;
  const bytes = info?.size_bytes ?? job.input_size_bytes;
  return (
    <Panel
      title="Source"
      actions={
        <a className="link" href={jobUrl(job.id, 'input', { download: true })} download>
          Download
        </a>
      }
    >
      <dl className="flex flex-col gap-1.5 p-4">
        {info?.source?.format?.long_name && (
          <Line name="Container" value={info.source.format.long_name.split('(')[0]?.trim() ?? ''} />
        )}
        {video && (
          <Line
            name="Video"
            value={[video.codec, video.profile, video.width && `${video.width}×${video.height}`]
              .filter(Boolean)
              .join(' ')}
          />
        )}
        {announced ? <Line name="Length in header" value={mediaClock(announced, 3)} /> : null}
        {readable !== undefined && <Line name="Readable" value={mediaClock(readable, 3)} bad />}
        {bytes ? <Line name="Size" value={size(bytes)} /> : null}
        <Line name="Path" value={job.input_path} />
      </dl>
    </Panel>
  );
}

function Line({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div className="flex justify-between gap-4">
      <dt className="flex-none text-text-2">{name}</dt>
      <dd className={`min-w-0 text-right break-words ${bad ? 'text-failed' : ''}`} dir="auto">
        {value}
      </dd>
    </div>
  );
}
