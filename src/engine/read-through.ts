/** Whole streams, read once for all outputs that want them. */
import { MillError } from '../core/errors.ts';
import type { SourceFacts, VideoStreamFacts } from '../core/facts.ts';
import type { MediaOutput, PlannedOutput, Track } from '../core/plan.ts';
import { mustWatch, requireComplete, warnOfEnd, warnOfJumps } from './completeness.ts';
import type { PlanContext } from './context.ts';
import { decodingThreads } from './decoder.ts';
import { DeviceContexts } from './device.ts';
import { chooseDecoder } from './device-decoding.ts';
import { firstFrame } from './first-frame.ts';
import { Mark } from './mark.ts';
import { checkParameterStrings } from './parameter-strings.ts';
import type { Part } from './part.ts';
import { type PassOptions, readPass, requireFrames, type StreamReading } from './pass.ts';
import { probe } from './probe.ts';
import { ProgressMeter } from './progress.ts';
import { type OpenSource, openSource } from './source.ts';
import { AnimationTap } from './taps/animation.ts';
import { GuardedTap } from './taps/guarded.ts';
import { ImagesTap, resolveChoice } from './taps/images.ts';
import { LoudnessTap } from './taps/loudness.ts';
import { MediaTap } from './taps/media.ts';
import { ScenesTap } from './taps/scenes.ts';
import type { Tap } from './taps/tap.ts';
import { VerifyTap } from './taps/verify.ts';
import { WaveformTap } from './taps/waveform.ts';

/** Encoders that keep all cores busy by themselves; a second decoding thread would only add memory. */
const BUSY_ENCODER = /^(libx264|libx265|libsvtav1|libvpx|libaom)/;

/** One output of one part. */
export interface ReadItem {
  part: Part;
  /** Number of the output in the part's plan. */
  index: number;
}

/**
 * Puts the results into the parts. What is wrong with an output fails its part; throws what is wrong with the source
 * or the read as such.
 */
export async function readThrough(items: readonly ReadItem[]): Promise<void> {
  const contexts = [...new Set(items.map(({ part }) => part.context))];
  const [context] = contexts;
  if (!context) return;
  using source = (await context.look?.take()) ?? (await openSource(context.source));
  using owned = new DisposableStack();
  const hardware = owned.use(new DeviceContexts());
  const open: OpenItem[] = [];
  for (const { part, index } of items) {
    const output = part.plan.outputs[index] as PlannedOutput;
    await part.attempt(async () => {
      const tap = await openTap(output, part.plan.inputs, source, owned, { ...part.context, hardware });
      open.push({ part, index, tap: owned.use(new GuardedTap(part, tap)) });
    });
  }
  if (open.length === 0) return;
  const outputs = open.map(({ part, index }) => part.plan.outputs[index] as PlannedOutput);
  const extent = extentOf(outputs, context);
  const { meter, options } = passOptions(
    { ...context, signal: whenAllAborted(contexts), progress: tellAll(contexts) },
    extent,
    outputs.some(encodesVideo) ? 1 : decodingThreads(context.threads),
  );
  const taps = open.map(({ tap }) => tap);
  options.chooseDecoder = chooseDecoder(outputs, contexts, hardware);
  const readings = await readPass(source, taps, options);
  const seen = extent.from ? fromTheBegin(readings, context.facts) : readings;
  meter.checking();
  for (const [part, own] of Map.groupBy(open, ({ part }) => part)) {
    await part.attempt(() => finishPart(part, own, seen));
  }
}

interface OpenItem extends ReadItem {
  tap: Tap;
}

/** What it wanted was there, whole, and becomes its results. */
async function finishPart(part: Part, own: OpenItem[], all: readonly StreamReading[]): Promise<void> {
  const { source, facts } = part.context;
  const taps = own.map(({ tap }) => tap);
  for (const tap of taps) {
    for (const [stream, appetite] of tap.wants) if (appetite === 'frames') requireFrames(all, stream);
  }
  const mine = all.filter(
    ({ stream }) => taps.some(({ wants }) => wants.has(stream)) || mustWatch(facts, stream),
  );
  const warnings = taps.every((tap) => tap.satisfied)
    ? await warnOfEnd(source, facts)
    : await requireComplete(source, facts, mine);
  for (const { tap, index } of own) {
    const result = await tap.finish();
    result.warnings.push(...warnings, ...warnOfJumps(mine));
    for (const { stream, errors } of mine) {
      if (errors === 0 || !tap.wants.has(stream)) continue;
      result.warnings.push(`Stream ${stream}: ${errors} damaged packets or frames were passed over.`);
    }
    part.results[index] = result;
  }
}

/** A read that begins later has passed over what comes before. */
function fromTheBegin(readings: readonly StreamReading[], facts: SourceFacts): StreamReading[] {
  return readings.map((reading) => ({
    ...reading,
    first_s: facts.streams[reading.stream]?.start_time_s ?? reading.first_s,
  }));
}

/** As long as one of the parts goes on, so does the read. */
function whenAllAborted(contexts: readonly PlanContext[]): Pick<AbortSignal, 'throwIfAborted'> {
  return {
    throwIfAborted() {
      if (contexts.every(({ signal }) => signal.aborted)) contexts[0]?.signal.throwIfAborted();
    },
  };
}

function tellAll(contexts: readonly PlanContext[]): PlanContext['progress'] {
  return (progress) => {
    for (const context of contexts) if (!context.signal.aborted) context.progress(progress);
  };
}

/** Everything decoded, nothing made; checksums inside the streams are compared. */
export async function verifyThrough(context: PlanContext): Promise<StreamReading[]> {
  using source = (await context.look?.take()) ?? (await openSource(context.source));
  using tap = new VerifyTap(source.format.streams);
  const { meter, options } = passOptions(context, {}, decodingThreads(context.threads));
  const readings = await readPass(source, [tap], {
    ...options,
    // FFmpeg's H.264 decoder does not always notice damage when it has several threads.
    threads: (stream) =>
      context.facts.streams[stream]?.codec === 'h264' ? 1 : decodingThreads(context.threads),
    decoderOptions: () => ({ err_detect: 'crccheck' }),
  });
  meter.checking();
  return readings;
}

interface Extent {
  from?: PassOptions['from'];
  /** In seconds. */
  duration?: number;
}

type Reading = Pick<PlanContext, 'facts' | 'progress'> & { signal: Pick<AbortSignal, 'throwIfAborted'> };

function passOptions(
  context: Reading,
  extent: Extent,
  threads: number,
): { meter: ProgressMeter; options: PassOptions } {
  const { facts, signal } = context;
  const begin = extent.from?.time_s ?? facts.format.start_time_s ?? 0;
  const meter = new ProgressMeter(context.progress, begin, extent.duration ?? facts.format.duration_s);
  return {
    meter,
    options: {
      threads: () => threads,
      decoderOptions: () => ({}),
      watch: (stream) => mustWatch(facts, stream),
      signal,
      meter,
      ...(extent.from && { from: extent.from }),
    },
  };
}

/** Clips alone need no more of the source than what they show. */
function extentOf(outputs: PlannedOutput[], { facts }: PlanContext): Extent {
  const clips = outputs.filter((output) => output.kind === 'animation');
  const stream = clips[0]?.stream;
  if (stream === undefined || clips.length < outputs.length) return {};
  if (clips.some((clip) => clip.stream !== stream)) return {};
  const start = Math.min(...clips.map((clip) => clip.start_s));
  const end = Math.max(...clips.map((clip) => clip.start_s + clip.duration_s));
  return { from: { stream, time_s: start + facts.format.zero_s }, duration: end - start };
}

async function openTap(
  output: PlannedOutput,
  inputs: readonly string[],
  source: OpenSource,
  owned: DisposableStack,
  context: PlanContext & { hardware: DeviceContexts },
): Promise<Tap> {
  const { facts, work } = context;
  const stream = (index: number) => {
    const found = source.format.streams[index];
    if (!found)
      throw new MillError('internal', `The plan names stream ${index}, which the source does not have.`);
    return found;
  };
  switch (output.kind) {
    case 'media':
      for (const track of output.tracks) if (track.kind === 'video') await checkParameterStrings(track);
      return new MediaTap(output, {
        ...context,
        source,
        marks: await loadMarks(output, inputs, owned, context),
      });
    case 'images':
      return new ImagesTap(output, await resolveChoice(output, context), context);
    case 'waveform':
      return new WaveformTap(
        output,
        stream(output.stream),
        facts.streams[output.stream]?.duration_s ?? facts.format.duration_s,
        work,
      );
    case 'scenes':
      return new ScenesTap(output, stream(output.stream), facts.format.zero_s);
    case 'animation':
      return new AnimationTap(
        output,
        stream(output.stream),
        facts.streams[output.stream] as VideoStreamFacts,
        context,
      );
    case 'loudness':
      if ('stream' in output.of) return new LoudnessTap(stream(output.of.stream), output.filter);
  }
  throw new TypeError(`A ${output.kind} output has a read of its own.`);
}

async function loadMarks(
  output: MediaOutput,
  inputs: readonly string[],
  owned: DisposableStack,
  { facts }: PlanContext,
): Promise<Map<Track, Mark>> {
  const marks = new Map<Track, Mark>();
  for (const track of output.tracks) {
    if (track.kind !== 'video' || !track.overlay) continue;
    const path = inputs[track.overlay.input] as string;
    const picture = (await probe(path)).streams.find((stream) => stream.kind === 'video');
    if (!picture) throw new MillError('unsupported_media', 'The watermark is not an image.');
    marks.set(track, owned.use(new Mark(track.overlay, await firstFrame(path, picture.index), facts)));
  }
  return marks;
}

function encodesVideo(output: PlannedOutput): output is MediaOutput {
  return (
    output.kind === 'media' &&
    output.tracks.some((track) => track.kind === 'video' && BUSY_ENCODER.test(track.encoder))
  );
}
