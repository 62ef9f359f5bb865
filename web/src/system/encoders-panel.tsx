import { Check, X } from 'lucide-react';
import type { SystemReport } from '../api/types';
import { Panel } from '../job/panel';

export function EncodersPanel({ encoders, decoders = [] }: Pick<SystemReport, 'encoders' | 'decoders'>) {
  if (!encoders) {
    return (
      <Panel title="Encoders">
        <p className="p-4 text-text-2">They are being tried; this takes a moment after the start.</p>
      </Panel>
    );
  }
  const working = encoders.toSorted((a, b) => Number(b.works) - Number(a.works));
  const decoding = decoders
    .filter(({ codecs }) => codecs.length > 0)
    .map(({ name, codecs }) => `${name} decodes ${codecs.join(', ')}`);
  const wrong = decoders.filter(({ differs }) => differs.length > 0);
  return (
    <Panel title="Encoders" aside="each tried with a test encode">
      <ul className="max-h-[420px] overflow-auto px-4 py-2" tabIndex={0} aria-label="Encoders">
        {working.map(({ name, kind, hardware, works, reason }) => (
          <li
            key={name}
            className="grid grid-cols-[16px_minmax(0,1fr)_minmax(0,1.2fr)] items-baseline gap-3 py-1"
          >
            {works ? (
              <Check size={14} className="translate-y-0.5 text-finished" aria-label="works" />
            ) : (
              <X size={14} className="translate-y-0.5 text-text-3" aria-label="does not work" />
            )}
            <code className={works ? '' : 'text-text-2'}>{name}</code>
            <span className="truncate text-text-2" title={reason ?? undefined}>
              {works ? [kind, hardware ?? 'software'].filter(Boolean).join(', ') : (reason ?? 'not there')}
            </span>
          </li>
        ))}
      </ul>
      {decoding.length > 0 && (
        <p className="border-t border-line px-4 py-2 text-text-2">{decoding.join(', ')}</p>
      )}
      {wrong.map(({ name, reason }) => (
        <p key={name} className="border-t border-line px-4 py-2 text-text-2">
          {name} is not used for decoding: {reason}
        </p>
      ))}
    </Panel>
  );
}
