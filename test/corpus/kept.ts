/** What an encoded file must have kept of its source: every frame, its time, and the sound. */
import { extname } from 'node:path';
import { mapFrames, packets, type StreamPackets, type StreamSummary, streamsOf } from '../decode/index.ts';
import type { CheckContext } from './check.ts';

/** Containers that take any audio as it is. */
const SAME_BYTES = ['.mp4', '.mov', '.m4v', '.mkv', '.avi'];
/** Some containers round timestamps to milliseconds; two roundings may differ by a little more. */
const TIME_TOLERANCE_S = 0.0016;
/** Encoder priming is told in different ways. */
const SYNC_TOLERANCE_S = 0.05;

const isFilm = ({ kind, disposition }: StreamSummary) =>
  kind === 'video' && !disposition.includes('attached_pic');

/** The jobs process one video stream of the source; with several, it is the one with the same number of frames. */
export async function checkKept(context: CheckContext, output: string): Promise<void> {
  const { path } = context.entry;
  const [before, after] = [streamsOf(path), streamsOf(output)];
  const made = after.streams.find(isFilm);
  if (!made) return context.problem('the output has no video');
  const times = await frameTimes(output, made.index, false);
  const candidates = await Promise.all(
    before.streams.filter(isFilm).map(({ index }) => frameTimes(path, index, true)),
  );
  const source = candidates.find((candidate) => candidate.length === times.length);
  if (!source)
    context.problem(`${times.length} frames, not ${candidates.map(({ length }) => length).join(' or ')}`);
  else checkTimes(context, times, source);
  checkSync(context, before.streams, after.streams);
  await checkAudioCopied(context, output);
  context.note(`${times.length} frames, ${made.codec} ${made.video?.width}x${made.video?.height}`);
}

/** Seconds from the first frame. Damaged packets of a source are passed over, as the jobs do. */
async function frameTimes(path: string, stream: number, lenient: boolean): Promise<number[]> {
  const options = lenient ? { stream, lenient: { errors: 0 } } : { stream };
  const times = await mapFrames(path, ({ time_s }) => time_s, options);
  return times.map((time) => time - (times[0] ?? 0));
}

function checkTimes(context: CheckContext, found: number[], wanted: number[]): void {
  const late = found.findIndex((time, n) => !(Math.abs(time - (wanted[n] ?? 0)) <= TIME_TOLERANCE_S));
  if (late >= 0) context.problem(`frame ${late} is shown at ${found[late]} s, not ${wanted[late]} s`);
}

/** How much later than the video the sound begins. */
function checkSync(context: CheckContext, before: StreamSummary[], after: StreamSummary[]): void {
  const lag = (streams: StreamSummary[]) => {
    const sound = streams.find(({ kind }) => kind === 'audio')?.start_s ?? null;
    const film = streams.find(isFilm)?.start_s ?? null;
    return sound === null || film === null ? null : sound - film;
  };
  const [wanted, found] = [lag(before), lag(after)];
  if (wanted !== null) context.near('start of the sound', found, wanted, SYNC_TOLERANCE_S);
}

async function checkAudioCopied(context: CheckContext, output: string): Promise<void> {
  const { path } = context.entry;
  if (!SAME_BYTES.includes(extname(path)) || extname(path) !== extname(output)) return;
  const sounds = (all: StreamPackets[]) =>
    all.filter(({ kind }) => kind === 'audio').map(({ codec, md5 }) => `${codec} ${md5}`);
  context.equal('audio packets', sounds(await packets(output)), sounds(await packets(path)));
}
