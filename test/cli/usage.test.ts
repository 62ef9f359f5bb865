import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { programVersion } from '../../src/cli/version.ts';
import { mediamill } from './mediamill.ts';

const COMMANDS =
  'serve worker run recipe tasks enqueue jobs queue workers bench keys webhooks doctor backup migrate health openapi'.split(
    ' ',
  );

describe('help', () => {
  test('names every command', async () => {
    const { code, stdout, stderr } = await mediamill(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const listed = [...stdout.matchAll(/^ {2}([a-z]+)(?= )/gm)].map(([, name]) => name);
    expect(listed).toEqual([...COMMANDS, 'help']);
  });

  // Two of them by the program itself; what the others say is built in the same way, and cheaper to ask for here.
  test.each(['health', 'webhooks'])('of %s goes to stdout and succeeds', async (command) => {
    const { code, stdout, stderr } = await mediamill([command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: mediamill ${command}`);
  });

  test.each(COMMANDS)('of %s comes from its own module', async (name) => {
    const { commands } = await createProgram(name);
    expect(commands.map((command) => command.name())).toEqual([name]);
    expect(commands[0]?.helpInformation()).toContain(`Usage: mediamill ${name}`);
  });

  test('the version needs no command', async () => {
    for (const flag of ['--version', '-V']) expect((await createProgram(flag)).commands).toEqual([]);
    expect(await mediamill(['--version'])).toEqual({
      code: 0,
      signal: null,
      stdout: `${programVersion()}\n`,
      stderr: '',
    });
  });

  test('of a task shows its parameters with unit, range, default and a call', async () => {
    const { code, stdout } = await mediamill(['run', 'resize_to_720p', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/--height <pixels> .*default 720/s);
    expect(stdout).toContain('--allow-upscale');
    expect(stdout).toMatch(/mediamill run resize_to_720p video\.mp4 \S+\.mp4/);
  });
});

describe('wrong usage exits with 2, says why, and names what was probably meant', () => {
  test.each([
    [['srve'], "unknown command 'srve'", 'serve'],
    [['serve', '--prot', '1'], "unknown option '--prot'", '--port'],
    [['serve', 'now'], "too many arguments for 'serve'", ''],
    [['run', 'calculate_sha265', 'x'], 'There is no task "calculate_sha265"', 'calculate_sha256'],
    [['tasks', 'get_vidio_info'], 'There is no task "get_vidio_info"', 'get_video_info'],
    [['run', 'calculate_sha256'], "missing required argument 'input'", ''],
    [['run', 'resize_to_720p', 'a', 'b', '--hieght', '1'], "unknown option '--hieght'", '--height'],
    [['run', 'resize_to_720p', 'a', 'b.mp4', '--height', 'tall'], '"height"', ''],
    [['run', 'resize_to_720p', 'a.mp4'], 'writes a file', 'result.mp4'],
    [['run'], "missing required argument 'task|json'", ''],
    [['jobs', 'shwo', 'x'], 'There is no "jobs shwo"', '"show"'],
    [['jobs', '--server', 'nonsense'], '"nonsense" is not the address of a server', ''],
  ])('%j', async (args, sentence, meant) => {
    const { code, stdout, stderr } = await mediamill(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^mediamill: /);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain(meant);
    expect(stderr).not.toContain('    at ');
  });

  test('no command at all', async () => {
    const { code, stderr } = await mediamill([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: mediamill');
  });
});

describe('tables', () => {
  test('have no colours and no trailing blanks in a pipe', async () => {
    const { code, stdout } = await mediamill(['tasks']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^binary +calculate_sha256 +\S/m);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).not.toMatch(/[ \t]$/m);
  });

  test('have colours when they are asked for', async () => {
    const { stdout } = await mediamill(['tasks'], { env: { FORCE_COLOR: '1' } });
    expect(stdout).toContain('\x1b[');
  });

  test('are JSON on request, as the API answers', async () => {
    const { stdout } = await mediamill(['tasks', '--json']);
    const groups = JSON.parse(stdout);
    expect(Object.keys(groups)).toEqual(['acquisition', 'video', 'audio', 'binary']);
    const one = JSON.parse((await mediamill(['tasks', 'calculate_sha256', '--json'])).stdout);
    expect(groups.binary).toContainEqual(one);
  });

  test('show a task', async () => {
    const { code, stdout } = await mediamill(['tasks', 'generate_waveform_json']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^samples +\S/m);
  });
});

test('openapi prints the document', async () => {
  const { code, stdout } = await mediamill(['openapi']);
  expect(code).toBe(0);
  const document = JSON.parse(stdout);
  expect(document.openapi).toMatch(/^3\.1/);
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/api/upload', '/api/enqueue', '/api/process', '/api/jobs', '/api/tasks']),
  );
});

test('a server that is not there is named, with the way out', async () => {
  const { code, stderr } = await mediamill(['jobs'], { env: { MEDIAMILL_URL: 'http://127.0.0.1:1' } });
  expect(code).toBe(1);
  expect(stderr).toContain('No server answers at http://127.0.0.1:1.');
  expect(stderr).toContain('mediamill serve');
});
