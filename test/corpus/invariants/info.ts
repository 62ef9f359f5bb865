/** The info jobs agree with the probe block of the manifest. */
import type { CheckContext, Checker } from '../check.ts';
import {
  audioStreams,
  type Entry,
  isStillImage,
  isVideo,
  type ProbeStream,
  ratioValue,
  videoStreams,
} from '../manifest.ts';

/** Containers round durations; FFmpeg 5 and 8 estimate them differently. */
const DURATION_TOLERANCE_S = 0.05;
/** 1000 stands for "no idea" in containers that count milliseconds. */
const UNKNOWN_RATE = 1000;

type Fields = Record<string, unknown>;
/** What differs, as `field is …, not …`; empty when the stream fits. */
type Difference = string[];

function differences(found: Fields, wanted: Fields): Difference {
  return Object.entries(wanted).flatMap(([field, value]) => {
    const same =
      typeof value === 'number'
        ? typeof found[field] === 'number' && Math.abs(found[field] - value) < 1e-3
        : found[field] === value;
    return value === undefined || same
      ? []
      : [`${field} is ${JSON.stringify(found[field])}, not ${JSON.stringify(value)}`];
  });
}

/** A job that shows one stream may mean any of the file's; the nearest one tells what differs. */
function checkAny(context: CheckContext, found: Fields, candidates: Fields[]) {
  const all = candidates.map((candidate) => differences(found, candidate));
  const best = all.reduce((least, one) => (one.length < least.length ? one : least), all[0] ?? ['no stream']);
  for (const difference of best) context.problem(difference);
}

function videoFields(stream: ProbeStream): Fields {
  const { codec_name, pix_fmt, width, height, rotation, color_transfer, profile } = stream;
  const rate = ratioValue(stream.avg_frame_rate);
  return {
    codec: codec_name,
    pixel_format: pix_fmt,
    coded_width: width,
    coded_height: height,
    rotation: (360 - (rotation ?? 0)) % 360,
    transfer: color_transfer,
    profile: profile && profileName(profile),
    frame_rate: rate === null || rate === UNKNOWN_RATE ? undefined : rate,
    sample_aspect_ratio: ratioValue(stream.sample_aspect_ratio) ?? undefined,
  };
}

/** FFmpeg 5 calls VP8's profiles by number only. */
const profileName = (profile: string) => (/^\d+$/.test(profile) ? undefined : profile);

function audioFields(stream: ProbeStream): Fields {
  return {
    codec: stream.codec_name,
    sample_rate: Number(stream.sample_rate),
    channels: stream.channels,
    channel_layout: stream.channel_layout,
    profile: stream.profile,
  };
}

function checkDuration(context: CheckContext, found: unknown) {
  const { probe, node_av_6_1_1: newer } = context.entry;
  const known = [probe.duration_s, newer?.duration_s].filter((value) => typeof value === 'number');
  if (known.length === 0 || isStillImage(context.entry)) return;
  const close = known.some(
    (value) => typeof found === 'number' && Math.abs(found - value) <= DURATION_TOLERANCE_S,
  );
  if (!close) context.problem(`duration_s is ${found}, not ${known.join(' or ')}`);
}

function checkContainer(context: CheckContext, found: unknown) {
  if (!isStillImage(context.entry)) context.equal('container', found, context.entry.probe.format);
}

const video: Checker = {
  name: 'agrees with the probe',
  task: 'get_video_info',
  applies: (entry: Entry) => entry.expect === undefined && isVideo(entry),
  async run(context) {
    const { data } = await context.run('get_video_info');
    const color = data.color as Fields | undefined;
    const found = {
      ...data,
      transfer: color?.transfer,
      sample_aspect_ratio: ratioValue(data.sample_aspect_ratio as string) ?? 1,
    };
    checkAny(context, found, videoStreams(context.entry).map(videoFields));
    checkContainer(context, data.container);
    checkDuration(context, data.duration_s);
    context.equal(
      'number of audio tracks',
      (data.audio_tracks as unknown[]).length,
      audioStreams(context.entry).length,
    );
    context.note(`${data.codec} ${data.coded_width}x${data.coded_height} ${data.pixel_format}`);
  },
};

const audio: Checker = {
  name: 'agrees with the probe',
  task: 'get_audio_info',
  applies: (entry: Entry) => entry.expect === undefined && audioStreams(entry).length > 0,
  async run(context) {
    const { data } = await context.run('get_audio_info');
    checkAny(context, data, audioStreams(context.entry).map(audioFields));
    checkContainer(context, data.container);
    if (videoStreams(context.entry).length === 0) checkDuration(context, data.duration_s);
    const cover = context.entry.probe.streams.find((stream) => stream.attached_pic);
    const found = data.cover as { codec: string; width: number } | null;
    context.equal('cover', found?.codec ?? null, cover?.codec_name ?? null);
    context.note(`${data.codec} ${data.sample_rate} Hz ${data.channel_layout ?? data.channels}`);
  },
};

interface ProbedStream extends Fields {
  kind: string;
  codec: string;
  frame_count: number | null;
  language: string | null;
  attached_picture?: boolean;
}

const probe: Checker = {
  name: 'agrees with the probe',
  task: 'probe_media_file',
  applies: ({ expect }) => expect === undefined,
  async run(context) {
    const { data } = await context.run('probe_media_file');
    const streams = data.streams as ProbedStream[];
    const wanted = context.entry.probe.streams;
    context.equal('number of streams', streams.length, wanted.length);
    for (const [i, want] of wanted.entries()) {
      const found = streams[i];
      if (!found) continue;
      const prefix = (text: string) => context.problem(`stream ${i}: ${text}`);
      const fields = {
        kind: want.codec_type,
        codec: want.codec_name,
        width: want.width,
        height: want.height,
        pixel_format: want.pix_fmt,
        channels: want.channels,
        channel_layout: want.channel_layout,
        sample_rate: want.sample_rate === undefined ? undefined : Number(want.sample_rate),
        frame_count: want.nb_frames === undefined ? undefined : Number(want.nb_frames),
        attached_picture: want.attached_pic,
      };
      differences(found, fields).forEach(prefix);
      const language = (text: string | null | undefined) => (text === 'und' ? null : (text ?? null));
      if (language(found.language) !== language(want.language)) prefix(`language is ${found.language}`);
    }
    context.note(streams.map(({ codec }) => codec).join(', '));
  },
};

export default [video, audio, probe];
