/** One file: its picture, how far it is, and what it is, at once. */
import { AudioLines, Captions, Film, type LucideIcon } from 'lucide-react';
import type { FileInfo, Stream } from '../api/types';
import { bitRate, size } from '../text/numbers';
import { inWords } from '../text/time';
import { CutName } from '../ui/cut-name';
import type { OnFrame } from '../viewers/use-frame';
import { SourcePlayer, Still } from './source-player';
import type { Source } from './sources';
import { UploadLine } from './upload-line';
import { leaveOut } from './uploads';

const ICONS: Record<string, LucideIcon> = { video: Film, audio: AudioLines, subtitle: Captions };

interface Props {
  source: Source;
  info: FileInfo | undefined;
  onFrame: OnFrame;
}

export function SourceCard({ source, info, onFrame }: Props) {
  const { name, upload, path, size: bytes, kind } = source;
  const facts = upload?.facts;
  const posterUrl =
    facts?.poster ??
    (info && path && (info.kind === 'video' || info.kind === 'image') && info.file_id
      ? `/api/files/${encodeURIComponent(info.file_id)}/poster?width=640`
      : null);
  const duration = info?.duration_s ?? facts?.duration_s ?? null;
  return (
    <section className="panel" aria-label="Source">
      {kind === 'video' ? (
        <SourcePlayer
          key={source.key}
          file={facts?.poster ? (upload?.file ?? null) : null}
          fileId={info?.kind === 'video' ? (info.file_id ?? null) : null}
          duration={duration}
          poster={posterUrl}
          onFrame={onFrame}
        />
      ) : (
        posterUrl && <Still src={posterUrl} />
      )}
      {upload && (
        <div className="border-b border-line p-4 py-3">
          <UploadLine upload={upload} />
        </div>
      )}
      <div className="p-4">
        <h2 className="t13 pb-2 font-semibold">
          <CutName name={name} />
        </h2>
        <dl className="flex flex-col gap-1.5">
          <Fact
            label="Container"
            value={[
              info?.source?.format?.long_name?.split('(')[0]?.trim(),
              (info?.size_bytes ?? bytes) ? size(info?.size_bytes ?? bytes ?? 0) : '',
            ]
              .filter(Boolean)
              .join(', ')}
          />
          {duration !== null && <Fact label="Length" value={inWords(duration)} />}
          {!info?.source && facts?.width && <Fact label="Picture" value={`${facts.width}×${facts.height}`} />}
        </dl>
        {(info?.source?.streams ?? []).length > 0 && (
          <ul className="flex flex-col gap-1.5 pt-3">
            {info?.source?.streams?.map((stream) => (
              <StreamLine key={stream.index} stream={stream} />
            ))}
          </ul>
        )}
        {info?.problem && (
          <p className="pt-3 text-failed">
            {info.problem.detail} <span className="text-text-2">{info.problem.next}</span>
          </p>
        )}
        {upload && (
          <button type="button" className="link pt-3" onClick={() => leaveOut([upload.key])}>
            Leave out
          </button>
        )}
      </div>
    </section>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  if (!value) return null;
  return (
    <div className="flex justify-between gap-3">
      <dt className="text-text-2">{label}</dt>
      <dd className="truncate">{value}</dd>
    </div>
  );
}

function StreamLine({ stream }: { stream: Stream }) {
  const Icon = ICONS[stream.kind ?? ''];
  if (!Icon) return null;
  return (
    <li className="flex items-center gap-2.5">
      <Icon size={14} className="flex-none text-text-3" aria-hidden="true" />
      <span className="min-w-0 flex-1 truncate">{streamText(stream)}</span>
      <span className="flex-none text-text-2">{stream.bit_rate ? bitRate(stream.bit_rate) : ''}</span>
    </li>
  );
}

const CODECS: Record<string, string> = {
  h264: 'H.264',
  hevc: 'H.265',
  mpeg2video: 'MPEG-2',
  mov_text: 'Subtitles',
};

/** "H.264 High, 1920×1080, 25 fps", "AAC stereo, 48 kHz" */
export function streamText({
  codec = '',
  profile,
  width,
  height,
  avg_frame_rate,
  sample_rate,
  channel_layout,
  channels,
  language,
  tags,
}: Stream): string {
  const sound = channel_layout ?? (channels ? `${channels} ch` : '');
  const spoken = language ?? tags?.language;
  return [
    [CODECS[codec] ?? codec.toUpperCase(), profile, sound].filter(Boolean).join(' '),
    width && height ? `${width}×${height}` : '',
    avg_frame_rate ? `${Number(avg_frame_rate.value.toFixed(2))} fps` : '',
    sample_rate ? `${sample_rate / 1000} kHz` : '',
    spoken && spoken !== 'und' ? spoken : '',
  ]
    .filter(Boolean)
    .join(', ');
}
