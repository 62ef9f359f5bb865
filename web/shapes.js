/** One shape for each state: shape first, colour second, word third. */
const SVG = 'http://www.w3.org/2000/svg';

const RING = ['circle', { cx: 8, cy: 8, r: 6, class: 'stroke' }];
const SHAPES = {
  queued: [RING],
  scheduled: [RING, ['path', { d: 'M8 4.5V8l2.4 1.6', class: 'stroke' }]],
  deferred: [
    ['circle', { cx: 5.2, cy: 8, r: 3.7, class: 'stroke' }],
    ['circle', { cx: 10.8, cy: 8, r: 3.7, class: 'stroke' }],
  ],
  started: [
    ['circle', { cx: 8, cy: 8, r: 6, class: 'stroke track' }],
    ['circle', { cx: 8, cy: 8, r: 6, class: 'stroke part', pathLength: 100, transform: 'rotate(-90 8 8)' }],
    ['circle', { cx: 8, cy: 8, r: 2, class: 'fill' }],
  ],
  finished: [
    ['circle', { cx: 8, cy: 8, r: 7, class: 'fill' }],
    ['path', { d: 'M4.8 8.2l2.2 2.2 4.2-4.6', class: 'mark' }],
  ],
  failed: [
    ['path', { d: 'M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z', class: 'fill' }],
    ['path', { d: 'M8 4.2v4.6M8 11.2v.6', class: 'mark' }],
  ],
  canceled: [RING, ['path', { d: 'M3.9 12.1l8.2-8.2', class: 'stroke' }]],
};

/** @param {string} status */
export function shape(status) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `shape st-${status}`);
  svg.setAttribute('aria-hidden', 'true');
  for (const [tag, attributes] of SHAPES[status] ?? SHAPES.queued) {
    const part = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, String(value));
    svg.append(part);
  }
  return svg;
}

/** Fills the ring of a started job. @param {SVGElement} svg @param {number | null} percent */
export function fillRing(svg, percent) {
  svg.querySelector('.part')?.setAttribute('stroke-dasharray', `${percent ?? 0} 100`);
}
