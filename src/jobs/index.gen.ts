// Written by scripts/gen.ts; run `npm run gen` after adding, renaming or removing a job.
import type { AnyJob } from '../core/job.ts';
import createFileManifest from './acquisition/create_file_manifest.ts';
import downloadFile from './acquisition/download_file.ts';
import mergeFileChunks from './acquisition/merge_file_chunks.ts';
import probeMediaFile from './acquisition/probe_media_file.ts';
import sanitizeFilename from './acquisition/sanitize_filename.ts';
import splitFileChunks from './acquisition/split_file_chunks.ts';
import validateChecksum from './acquisition/validate_checksum.ts';
import verifyFileIntegrity from './acquisition/verify_file_integrity.ts';
import applyWatermark from './video/apply_watermark.ts';
import createAnimatedGif from './video/create_animated_gif.ts';
import detectSceneCuts from './video/detect_scene_cuts.ts';
import extractFrames from './video/extract_frames.ts';
import extractKeyFrame from './video/extract_key_frame.ts';
import extractThumbnails from './video/extract_thumbnails.ts';
import getVideoInfo from './video/get_video_info.ts';
import resizeTo720p from './video/resize_to_720p.ts';
import transcodeH264ToH265 from './video/transcode_h264_to_h265.ts';
import extractAudioFromVideo from './audio/extract_audio_from_video.ts';
import generateWaveformJson from './audio/generate_waveform_json.ts';
import getAudioInfo from './audio/get_audio_info.ts';
import mixAudioTracks from './audio/mix_audio_tracks.ts';
import normalizeAudio from './audio/normalize_audio.ts';
import resampleAudio from './audio/resample_audio.ts';
import calculateSha256 from './binary/calculate_sha256.ts';
import chainJobTrigger from './binary/chain_job_trigger.ts';
import compressArchive from './binary/compress_archive.ts';
import extractExifMetadata from './binary/extract_exif_metadata.ts';
import purgeOriginalFile from './binary/purge_original_file.ts';
import reportMetrics from './binary/report_metrics.ts';
import validateFormatCompliance from './binary/validate_format_compliance.ts';

export const jobs: readonly AnyJob[] = [
  createFileManifest,
  downloadFile,
  mergeFileChunks,
  probeMediaFile,
  sanitizeFilename,
  splitFileChunks,
  validateChecksum,
  verifyFileIntegrity,
  applyWatermark,
  createAnimatedGif,
  detectSceneCuts,
  extractFrames,
  extractKeyFrame,
  extractThumbnails,
  getVideoInfo,
  resizeTo720p,
  transcodeH264ToH265,
  extractAudioFromVideo,
  generateWaveformJson,
  getAudioInfo,
  mixAudioTracks,
  normalizeAudio,
  resampleAudio,
  calculateSha256,
  chainJobTrigger,
  compressArchive,
  extractExifMetadata,
  purgeOriginalFile,
  reportMetrics,
  validateFormatCompliance,
];
