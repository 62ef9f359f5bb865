import { describe, expect, it } from 'vitest';
import job from '../../../src/jobs/acquisition/sanitize_filename.ts';
import { sanitizeFileName } from '../../../src/jobs/files/file-name.ts';
import { failureOf, runJob } from './job-run.ts';

describe('sanitizeFileName', () => {
  it.each([
    ['holiday.mp4', 'holiday.mp4'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['a\\b:c*d?e"f<g>h|i.mp4', 'a_b_c_d_e_f_g_h_i.mp4'],
    ['-rf.mp4', '_rf.mp4'],
    ['--help', '_-help'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['Com1 .tar.gz', '_Com1 .tar.gz'],
    ['LPT².mp4', '_LPT².mp4'],
    ['CONSOLE.mp4', 'CONSOLE.mp4'],
    ['nul\u0000\u0007.wav', '_nul.wav'],
    ['\u202Egpj.exe', 'gpj.exe'],
    ['a\u200B\u200D\uFEFFb\u2066.mp4', 'ab.mp4'],
    ['cafe\u0301.mp4', 'caf\u00E9.mp4'],
    ['a\u00A0b\u3000c.mp4', 'a b c.mp4'],
    ['trailing. . .', 'trailing'],
    ['   spaces.mp4  ', 'spaces.mp4'],
    ['lone\uD800surrogate.mp4', 'lone_surrogate.mp4'],
    ['line\nbreak\u2028.mp4', 'linebreak.mp4'],
    ['', 'unnamed'],
    ['...', 'unnamed'],
    [' \u200B ', 'unnamed'],
    ['日本語 ビデオ.mp4', '日本語 ビデオ.mp4'],
    ['.hidden', '.hidden'],
  ])('%j becomes %j', (name, safe) => {
    expect(sanitizeFileName(name)).toBe(safe);
  });

  it('cuts at 255 bytes and keeps the extension', () => {
    const safe = sanitizeFileName(`${'ä'.repeat(300)}.mp4`);
    expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
    expect(safe).toBe(`${'ä'.repeat(125)}.mp4`);
  });

  it('never cuts through a character made of several code points', () => {
    // Thumb and skin tone: 8 bytes that belong together.
    const safe = sanitizeFileName(`${'👍🏽'.repeat(60)}.mp4`);
    expect(safe).toBe(`${'👍🏽'.repeat(31)}.mp4`);
  });

  it('cuts a single endless character somewhere', () => {
    const safe = sanitizeFileName(`a${'\u0316'.repeat(500)}.mp4`);
    expect(safe.startsWith('a')).toBe(true);
    expect(safe.endsWith('.mp4')).toBe(true);
    expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
  });

  it('takes a very long last part for text, not for an extension', () => {
    const safe = sanitizeFileName(`a.${'b'.repeat(400)}`);
    expect(safe).toBe(`a.${'b'.repeat(253)}`);
  });

  it('finds a reserved name that only the cut uncovers', () => {
    expect(sanitizeFileName(`CON${' '.repeat(300)}x`)).toBe('_CON');
  });

  it('keeps its promises for any text, and changes nothing the second time', () => {
    const alphabet = [
      ...'aZ09 .-_/\\:*?"<>|\u0000\u001F\u007F\u0085\u00A0\u00AD\u0301\u034F\u061C\u200B\u200E\u2028',
    ];
    alphabet.push(
      '\u202E',
      '\u2066',
      '\uFEFF',
      '\uFFFD',
      '\uD800',
      '\uDC00',
      'é',
      'e\u0301',
      '語',
      '👍🏽',
      'con',
      'nul',
      '.mp4',
    );
    let seed = 7;
    const next = (limit: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % limit;
    };
    for (let round = 0; round < 5_000; round += 1) {
      const length = next(round % 10 === 0 ? 400 : 12);
      const name = Array.from({ length }, () => alphabet[next(alphabet.length)]).join('');
      const safe = sanitizeFileName(name);
      expect(sanitizeFileName(safe), JSON.stringify(name)).toBe(safe);
      expect(safe, JSON.stringify(name)).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\:*?"<>|]|^-|^$|^\.{1,2}$|[ .]$/u,
      );
      expect(safe).toBe(safe.normalize('NFC'));
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
    }
  });
});

describe('sanitize_filename', () => {
  it('tells both names and whether they differ', async () => {
    const { report } = await runJob(job, { output: 'n.json', params: { filename: 'a/b.mp4' } });
    expect(report.data).toEqual({ original: 'a/b.mp4', sanitized: 'a_b.mp4', changed: true });
    expect(report.document).toEqual(report.data);
    const same = await runJob(job, { output: 'n.json', params: { filename: 'b.mp4' } });
    expect(same.report.data).toMatchObject({ changed: false });
  });

  it('refuses what is no name', async () => {
    await failureOf(runJob(job, { output: 'n.json' }), 'invalid_params');
    await failureOf(runJob(job, { output: 'n.json', params: { filename: 7 } }), 'invalid_params');
    await failureOf(
      runJob(job, { output: 'n.json', params: { filename: 'x'.repeat(20_000) } }),
      'invalid_params',
    );
    const typo = await failureOf(
      runJob(job, { output: 'n.json', params: { filname: 'x' } }),
      'invalid_params',
    );
    expect(typo.message).toMatch('Did you mean "filename"?');
  });
});
