/** Modules that are started rather than imported: no compiler rewrites their extension. */
import { extname } from 'node:path';

/** URL of another module of this program, `.ts` from sources and `.js` when built, as the asking module is. */
export function siblingModule(from: string, path: string): string {
  return new URL(`${path}${extname(new URL(from).pathname)}`, from).href;
}
