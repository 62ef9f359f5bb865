/** FFmpeg's last lines before the failure. */
import type { Failure } from '../api/types';
import { CopyButton } from '../ui/copy-button';
import { Panel } from './panel';

export function LastLines({ error, showAll }: { error: Failure; showAll(): void }) {
  const lines = error.log ?? [];
  if (lines.length === 0) return null;
  return (
    <Panel
      title="FFmpeg’s last lines"
      actions={
        <span className="-mr-2 flex gap-1">
          <button type="button" className="btn btn-quiet btn-small" onClick={showAll}>
            Whole log
          </button>
          <CopyButton text={lines.join('\n')} />
        </span>
      }
    >
      <div className="well mono t12 max-h-[300px] overflow-auto py-2" tabIndex={-1}>
        {lines.map((text, index) => (
          <div
            key={index}
            className={`border-l-2 px-4 leading-[18px] break-words whitespace-pre-wrap ${
              /error|invalid|fail|corrupt/i.test(text) ? 'border-failed text-failed' : 'border-transparent'
            }`}
          >
            {text}
          </div>
        ))}
      </div>
    </Panel>
  );
}
