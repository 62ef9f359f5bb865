import { MillError } from '../core/errors.ts';
import type { Previews } from '../previews/port.ts';

/** For a server that was put together without them: everything else works. */
export function noPreviews(): Previews {
  const refuse = async () => {
    throw new MillError('no_preview', 'This server makes no previews.');
  };
  return {
    look: async () => ({ facts: null, problem: null, warnings: [] }),
    picture: refuse,
    strip: refuse,
    peaks: refuse,
    rendition: refuse,
    close: async () => {},
  };
}
