/**
 * Titles of tracks. Matroska has a tag for them; in MP4 they are the name of the track's handler, which most programs
 * fill with a name of their own.
 */

/** `VideoHandler`, `GPAC ISO Audio Handler`, `Core Media Audio`, `ISO Media file produced by Google Inc.` … */
const NO_TITLE = /handle|core media|iso media|produced by|^\s*$/i;

export function titleOf(tags: Record<string, string>): string | null {
  if (tags.title !== undefined) return tags.title;
  const handler = tags.handler_name ?? tags.HANDLER_NAME;
  return handler === undefined || NO_TITLE.test(handler) ? null : handler;
}

/** The same tags with the title in both places: the container takes the one it knows. */
export function withTitle(tags: Record<string, string>): Record<string, string> {
  const title = titleOf(tags);
  return title === null ? tags : { ...tags, title, handler_name: title };
}
