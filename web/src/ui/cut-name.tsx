/** A name that is cut in the middle when there is no room, by grapheme: its extension always shows. */

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Graphemes that always show: the extension and a little before it. */
const TAIL = 12;
/** Names this short are never cut in two parts. */
const SHORT = 24;

export function CutName({
  name,
  className = '',
  title = true,
}: {
  name: string;
  className?: string;
  title?: boolean;
}) {
  const [head, tail] = parts(name);
  return (
    <span className={`cut ${className}`} dir="auto" title={title ? name : undefined}>
      <span>{head}</span>
      {tail && <span>{tail}</span>}
    </span>
  );
}

function parts(name: string): [string, string] {
  if (name.length <= SHORT) return [name, ''];
  const graphemes = [...segments.segment(name)].map(({ segment }) => segment);
  return [graphemes.slice(0, -TAIL).join(''), graphemes.slice(-TAIL).join('')];
}
