/** What the processes of previews can do: the registry they are started with. */
import probe from '../../jobs/acquisition/probe_media_file.ts';
import waveform from '../../jobs/audio/generate_waveform_json.ts';
import picture from './make_picture.ts';
import rendition from './make_rendition.ts';
import strip from './make_strip.ts';

export const jobs = [probe, waveform, picture, rendition, strip];
