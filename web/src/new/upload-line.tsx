/** How far a file is: percent, rate, time left, pause. */
import { size } from '../text/numbers';
import { span } from '../text/time';
import { pauseUpload, resumeUpload, type Upload } from './uploads';

export function UploadLine({ upload }: { upload: Upload }) {
  const { key, file, state, sent, rate, resumed, error } = upload;
  if (state === 'done')
    return <p className="t12 text-text-2">Uploaded{resumed ? ', resumed where it had stopped' : ''}</p>;
  if (state === 'failed') {
    return (
      <p className="t12 text-failed" role="alert">
        {error}{' '}
        <button type="button" className="link" onClick={() => resumeUpload(key)}>
          Try again
        </button>
      </p>
    );
  }
  const share = file.size > 0 ? sent / file.size : 0;
  const facts = [
    state === 'paused'
      ? 'paused'
      : rate > 0
        ? `${size(rate)}/s`
        : state === 'waiting'
          ? 'waits for its turn'
          : '',
    state === 'uploading' && rate > 0 ? `${span((file.size - sent) / rate)} left` : '',
  ];
  return (
    <div className="t12">
      <p className="flex items-center gap-2">
        <span className="font-medium">{Math.floor(share * 100)} %</span>
        <span className="flex-1 text-text-2">{facts.filter(Boolean).join(' · ')}</span>
        <button
          type="button"
          className="link"
          aria-label={`${state === 'paused' ? 'Resume' : 'Pause'} ${file.name}`}
          onClick={() => (state === 'paused' ? resumeUpload(key) : pauseUpload(key))}
        >
          {state === 'paused' ? 'Resume' : 'Pause'}
        </button>
      </p>
      <span
        className="bar mt-1.5"
        role="progressbar"
        aria-label={`Upload of ${file.name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(share * 100)}
      >
        <i style={{ transform: `scaleX(${share})` }} />
      </span>
    </div>
  );
}
