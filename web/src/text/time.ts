/** Spans, ages and moments. */

/** "47 s", "3 min", "2 h", "5 d" */
export function span(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 100) return `${rounded} s`;
  if (rounded < 100 * 60) return `${Math.round(rounded / 60)} min`;
  if (rounded < 48 * 3600) return `${Math.round(rounded / 3600)} h`;
  return `${Math.round(rounded / 86400)} d`;
}

/** "1:57", "1:02:03": how long something took. */
export function stopwatch(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** "11:23", "1:02:03", with thousandths "06:20.120": a place in the media. */
export function mediaClock(seconds: number, digits = 0): string {
  const scale = 10 ** digits;
  const all = Math.max(0, Math.round(seconds * scale));
  const whole = Math.floor(all / scale);
  const hours = Math.floor(whole / 3600);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return digits === 0 ? clock : `${clock}.${String(all % scale).padStart(digits, '0')}`;
}

/** "00:06:20.120": a place in the media as the API takes it. */
export function fullClock(seconds: number): string {
  const all = Math.max(0, Math.round(seconds * 1000));
  const two = (part: number) => String(Math.floor(part)).padStart(2, '0');
  const whole = Math.floor(all / 1000);
  return `${two(whole / 3600)}:${two((whole / 60) % 60)}:${two(whole % 60)}.${String(all % 1000).padStart(3, '0')}`;
}

/** "12 min 4 s" */
export function inWords(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

export function age(time: string, now = Date.now()): string {
  return span((now - Date.parse(time)) / 1000);
}

export function exact(time: string | number | Date): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** "11:46:02" */
export function clock(time: string | number | Date): string {
  return new Date(time).toLocaleTimeString('en-GB', { timeStyle: 'medium' });
}

/** "11:46" */
export function hourMinute(time: string | number | Date): string {
  return new Date(time).toLocaleTimeString('en-GB', { timeStyle: 'short' });
}

/** "Today", "Yesterday", "18 November 2026" */
export function dayOf(time: string | number, now = Date.now()): string {
  const day = new Date(time).toDateString();
  if (day === new Date(now).toDateString()) return 'Today';
  if (day === new Date(now - 86_400_000).toDateString()) return 'Yesterday';
  return new Date(time).toLocaleDateString('en-GB', { dateStyle: 'long' });
}

/** "Today 11:42" */
export function dayAndTime(time: string): string {
  return `${dayOf(time)} ${hourMinute(time)}`;
}

/** Seconds of "00:01:02.5", "62.5", "62.5s"; a share of `duration` for "50%"; null when it is none of them. */
export function parseMediaTime(text: string, duration: number | null): number | null {
  const clockParts = /^\s*(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)\s*$/.exec(text);
  if (clockParts) {
    const [, hours = '0', minutes, seconds] = clockParts;
    return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  }
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text);
  if (percent) return duration === null ? null : (duration * Number(percent[1])) / 100;
  const seconds = /^\s*(\d+(?:\.\d+)?)\s*s?\s*$/.exec(text);
  return seconds ? Number(seconds[1]) : null;
}
