/** What came out, to download one or all. */
import { outputUrl } from '../api/client';
import type { Job } from '../api/types';
import { extensionOf } from '../text/names';
import { plural, size } from '../text/numbers';
import { CutName } from '../ui/cut-name';
import { Panel } from './panel';

/** Files that are listed before the rest is only counted. */
const LISTED = 8;
/** Between two downloads: browsers drop those that come at once. */
const APART_MS = 350;

export function FilesPanel({ job }: { job: Job }) {
  const outputs = job.result?.outputs ?? [];
  if (outputs.length === 0) return null;
  return (
    <Panel
      title="Files"
      aside={outputs.length > 1 ? String(outputs.length) : undefined}
      actions={
        outputs.length > 1 && (
          <button type="button" className="link" onClick={() => void downloadAll(job)}>
            Download all
          </button>
        )
      }
    >
      <ul>
        {outputs.slice(0, LISTED).map(({ name, size_bytes, media_type }) => (
          <li key={name} className="border-b border-line last:border-b-0">
            <a
              href={outputUrl(job.id, name, true)}
              download
              className="flex items-center gap-3 px-4 py-2.5 no-underline hover:bg-hover"
            >
              <Thumb job={job} name={name} mediaType={media_type} />
              <span className="min-w-0 flex-1">
                <CutName name={name} />
                <span className="t12 block truncate text-text-2">{media_type}</span>
              </span>
              <span className="flex-none text-text-2">{size(size_bytes)}</span>
            </a>
          </li>
        ))}
      </ul>
      {outputs.length > LISTED && (
        <p className="t12 px-4 py-2 text-text-2">
          and {plural(outputs.length - LISTED, 'more file', 'more files')}
        </p>
      )}
    </Panel>
  );
}

function Thumb({ job, name, mediaType }: { job: Job; name: string; mediaType: string }) {
  if (/^image\/(jpeg|png|webp|gif|avif)/.test(mediaType)) {
    return (
      <img
        src={outputUrl(job.id, name)}
        alt=""
        loading="lazy"
        className="h-[26px] w-10 flex-none rounded-4 bg-inset object-cover"
      />
    );
  }
  return (
    <span className="tag h-[26px] w-10 flex-none">{extensionOf(name).slice(0, 4).toUpperCase() || '·'}</span>
  );
}

export async function downloadAll(job: Job): Promise<void> {
  for (const { name } of job.result?.outputs ?? []) {
    const link = document.createElement('a');
    link.href = outputUrl(job.id, name, true);
    link.download = '';
    link.click();
    await new Promise((resolve) => setTimeout(resolve, APART_MS));
  }
}
