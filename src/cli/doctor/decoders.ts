import type { EngineReport } from '../../compose.ts';
import type { Finding } from './finding.ts';

/** That there is none is no fault: software decodes everything. One that is wrong is worth a word. */
export function checkDecoders({ decoders: tried = [] }: Pick<EngineReport, 'decoders'>): Finding {
  const working = tried.filter(({ codecs }) => codecs.length > 0);
  const told = working.map(({ name, codecs }) => `${name} (${codecs.join(', ')})`);
  const detail = `software; hardware: ${told.join(', ') || 'none'}`;
  const wrong = tried.filter(({ differs }) => differs.length > 0);
  if (wrong.length === 0) return { check: 'decoders', state: 'ok', detail };
  const why = wrong.map(({ name, reason }) => `${name} is not used: ${reason}`);
  return { check: 'decoders', state: 'warning', detail: [detail, ...why].join('; ') };
}
