import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import job from '../../../src/jobs/binary/extract_exif_metadata.ts';
import { endExiftool, readTags } from '../../../src/jobs/exif/exiftool.ts';
import { failureOf, runJob, tempFolder } from './job-run.ts';
import { exifJpeg, JPEG_TRUTH, toneWav } from './small-media.ts';

const exec = promisify(execFile);
const REPOSITORY = resolve(import.meta.dirname, '../../..');
const CORPUS = process.env.MEDIAMILL_CORPUS ?? resolve(REPOSITORY, '../shared/media');

type Tags = Record<string, unknown>;

afterAll(endExiftool);

async function jpeg(name = 'photo.jpg'): Promise<string> {
  const path = join(await tempFolder(), name);
  await writeFile(path, exifJpeg());
  return path;
}

async function tagsOf(input: string): Promise<{ tags: Tags; numeric: Tags }> {
  const { report } = await runJob(job, { input, output: 'exif.json' });
  return report.data as { tags: Tags; numeric: Tags };
}

/** exiftool of this machine, as another witness; null when there is none. */
function systemExiftool(path: string, ...options: string[]): Tags | null {
  if (!existsSync('/usr/bin/exiftool')) return null;
  return JSON.parse(
    execFileSync('/usr/bin/exiftool', ['-j', '-G', ...options, path], { encoding: 'utf8' }),
  )[0];
}

/** Differ between two programs, two runs or two versions without being about the file. */
const NOT_ABOUT_THE_FILE = /^(SourceFile|ExifTool:|File:(Directory|FileName|File.*Date|FilePermissions))/;

function expectSameTags(ours: Tags, theirs: Tags): void {
  const common = Object.keys(theirs).filter((name) => name in ours && !NOT_ABOUT_THE_FILE.test(name));
  const pick = (tags: Tags) => Object.fromEntries(common.map((name) => [name, tags[name]]));
  expect(pick(ours)).toEqual(pick(theirs));
  // What only one version knows is a handful; most must be common, or nothing was compared.
  const named = Object.keys(theirs).filter((name) => !NOT_ABOUT_THE_FILE.test(name));
  expect(common.length).toBeGreaterThanOrEqual(named.length * 0.95);
}

describe('extract_exif_metadata', () => {
  it('reads printed values, and numbers beside them', async () => {
    const { report } = await runJob(job, { input: await jpeg(), output: 'exif.json' });
    const { tags, numeric } = report.data as { tags: Tags; numeric: Tags };
    expect(tags).toMatchObject(JPEG_TRUTH.printed);
    expect(numeric).toMatchObject(JPEG_TRUTH.numeric);
    expect(report.document).toEqual(report.data);
    expect(JSON.stringify(report.data)).not.toMatch('mediamill-test-');
    expect(report.message).toMatch(/^\d+ tags in a JPEG\.$/);
  });

  it('equals the exiftool of this machine', async (context) => {
    const path = await jpeg();
    const printed = systemExiftool(path);
    if (!printed) return context.skip('/usr/bin/exiftool is not installed');
    const { tags, numeric } = await tagsOf(path);
    expectSameTags(tags, printed);
    expectSameTags(numeric, systemExiftool(path, '-n') as Tags);
  });

  // The corpus is no part of the project: where it is missing there is no such test.
  if (existsSync(join(CORPUS, 'MANIFEST.json'))) {
    it('agrees with the manifest and the exiftool of this machine on real media', async () => {
      const { files } = JSON.parse(await readFile(join(CORPUS, 'MANIFEST.json'), 'utf8')) as {
        files: { file: string; truth?: { exif?: Tags } }[];
      };
      for (const { file, truth } of files) {
        if (!truth?.exif) continue;
        const { tags, numeric } = await tagsOf(join(CORPUS, file));
        for (const [name, value] of Object.entries(truth.exif)) {
          const values = Object.keys(numeric)
            .filter((key) => key.endsWith(`:${name}`))
            .map((key) => numeric[key]);
          expect(values, `${file} ${name}`).toContainEqual(
            typeof value === 'number' ? expect.closeTo(value, 9) : value,
          );
        }
        const printed = systemExiftool(join(CORPUS, file));
        if (printed) {
          expectSameTags(tags, printed);
          expectSameTags(numeric, systemExiftool(join(CORPUS, file), '-n') as Tags);
        }
      }
    });
  }

  it('reads sound and video too', async () => {
    const path = join(await tempFolder(), 'tone.wav');
    await writeFile(path, toneWav());
    const { tags, numeric } = await tagsOf(path);
    expect(tags).toMatchObject({ 'File:FileType': 'WAV', 'RIFF:SampleRate': 8000 });
    expect(numeric).toMatchObject({ 'Composite:Duration': 0.1 });
  });

  it.each([
    '-ver',
    '-config',
    '|id',
    'id|.jpg',
    '$(id).jpg',
    'a\'b"c.jpg',
    ' lead and trail ',
    '#comment.jpg',
    'ü 語.jpg',
  ])('takes the name %j for a name', async (name) => {
    const { tags } = await tagsOf(await jpeg(name));
    expect(tags).toMatchObject({ 'EXIF:Make': 'Mill', 'File:FileName': name });
  });

  it('refuses names that would be several lines, and changes nothing', async () => {
    const folder = await tempFolder();
    const name = 'a\n-overwrite_original\n-Make=Evil\n.jpg';
    await writeFile(join(folder, name), exifJpeg());
    await failureOf(runJob(job, { input: join(folder, name), output: 'e.json' }), 'invalid_request');
    expect(await readdir(folder)).toEqual([name]);
  });

  it('does not load configuration from the folder or the home of the user', async () => {
    const home = await tempFolder();
    await writeFile(join(home, '.ExifTool_config'), `open(F, ">${home}/ran"); close(F); 1;`);
    await copyFile(await jpeg(), join(home, 'photo.jpg'));
    endExiftool();
    const before = process.env.HOME;
    process.env.HOME = home;
    try {
      await tagsOf(join(home, 'photo.jpg'));
    } finally {
      process.env.HOME = before;
    }
    expect(await readdir(home)).not.toContain('ran');
  });

  it('names what is wrong with a bad input', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'x.jpg');
    await writeFile(path, '');
    const empty = await failureOf(runJob(job, { input: path, output: 'e.json' }), 'unsupported_media');
    expect(empty.message).toBe('exiftool cannot read "x.jpg": File is empty.');
    await writeFile(path, Buffer.alloc(5000, 1));
    await failureOf(runJob(job, { input: path, output: 'e.json' }), 'unsupported_media');
    await failureOf(runJob(job, { input: join(folder, 'missing'), output: 'e.json' }), 'input_not_found');
    await mkdir(join(folder, 'sub'));
    await failureOf(runJob(job, { input: join(folder, 'sub'), output: 'e.json' }), 'invalid_request');
    await failureOf(runJob(job, { input: path, output: 'e.json', params: { group: 1 } }), 'invalid_params');
    await writeFile(path, exifJpeg().subarray(0, 100));
    const cut = await runJob(job, { input: path, output: 'e.json' }).catch((error) => error);
    expect(cut.report?.warnings?.length ?? cut.code).toBeTruthy();
  });
});

describe('the process of exiftool', () => {
  it('serves the next file as well, and after a kill another process does', async () => {
    const path = await jpeg();
    const { signal } = new AbortController();
    await readTags(path, [], signal);
    const before = await exiftoolsOf(process.pid);
    expect(before).toHaveLength(1);
    await readTags(path, [], signal);
    expect(await exiftoolsOf(process.pid)).toEqual(before);

    const controller = new AbortController();
    const canceled = readTags(path, [], controller.signal);
    controller.abort();
    await failureOf(canceled, 'canceled');
    await expect.poll(() => exiftoolsOf(process.pid)).toEqual([]);
    expect((await readTags(path, [], signal)).Make).toBe('Mill');

    const [pid] = await exiftoolsOf(process.pid);
    process.kill(pid as number, 'SIGKILL');
    await expect.poll(() => exiftoolsOf(process.pid)).toEqual([]);
    expect((await readTags(path, [], signal)).Make).toBe('Mill');
  });

  it('answers several callers at a time', async () => {
    const path = await jpeg();
    const { signal } = new AbortController();
    const answers = await Promise.all([1, 2, 3].map(() => readTags(path, ['-G'], signal)));
    expect(answers.map((tags) => tags['EXIF:Make'])).toEqual(['Mill', 'Mill', 'Mill']);
  });

  it('says so when it dies in the middle, and is killed in the middle when canceled', async () => {
    // Opening a named pipe that nobody writes to waits for ever.
    const pipe = join(await tempFolder(), 'pipe.jpg');
    await exec('mkfifo', [pipe]);
    endExiftool();
    const dying = readTags(pipe, [], new AbortController().signal);
    await expect.poll(() => exiftoolsOf(process.pid)).toHaveLength(1);
    const failed = failureOf(dying, 'crashed');
    for (const pid of await exiftoolsOf(process.pid)) process.kill(pid, 'SIGKILL');
    await failed;

    const controller = new AbortController();
    const hung = failureOf(readTags(pipe, [], controller.signal), 'canceled');
    await expect.poll(() => exiftoolsOf(process.pid)).toHaveLength(1);
    controller.abort();
    await hung;
    await expect.poll(() => exiftoolsOf(process.pid)).toEqual([]);
  });

  it('ends when it is asked to', async () => {
    await readTags(await jpeg(), [], new AbortController().signal);
    endExiftool();
    await expect.poll(() => exiftoolsOf(process.pid), { timeout: 5000 }).toEqual([]);
  });

  it('lets its host exit, and ends with a host that is killed', async () => {
    const path = await jpeg();
    const script = join(await tempFolder(), 'host.ts');
    const module = join(REPOSITORY, 'src/jobs/exif/exiftool.ts');
    const host = (afterwards: string) =>
      `import { readTags } from ${JSON.stringify(module)};
       await readTags(${JSON.stringify(path)}, [], new AbortController().signal);
       ${afterwards}`;

    await writeFile(script, host(''));
    await exec(process.execPath, [script], { timeout: 10_000 });

    await writeFile(script, host("setInterval(() => {}, 1000); process.send('ready');"));
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(child, 'message');
    const pids = await exiftoolsOf(child.pid as number);
    expect(pids).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => pids.filter(isAlive), { timeout: 5000 }).toEqual([]);
  });
});

/** Process ids of exiftools started by one process. */
async function exiftoolsOf(parent: number): Promise<number[]> {
  await sleep(10);
  const { stdout } = await exec('ps', ['-e', '-o', 'pid=,ppid=,args=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, ppid, ...args]) => Number(ppid) === parent && args.join(' ').includes('-stay_open'))
    .map(([pid]) => Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
