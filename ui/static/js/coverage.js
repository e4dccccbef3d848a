// A column for each minute: how many symbols were not fresh, stacked from the top, and below how long after the close.
// data: {minutes: [{t, fresh, late, stale, missing, after, slowest, text}] oldest first, expected, most_after, label, theme}.
const esc = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const HEIGHT = 96, AFTER = 34, GAP = 20, TEXT = 16;
const STATES = ['missing', 'stale', 'late'];

// Small numbers must be seen beside large ones: heights go with the square root of the share.
const tall = (share) => Math.sqrt(share) * HEIGHT;

function column(m, x, w, d) {
  const out = [];
  const total = m.fresh + m.late + m.stale + m.missing;
  if (!total) return `<rect x="${x}" y="0" width="${w}" height="${HEIGHT}" class="none"/>`;
  const absent = m.late + m.stale + m.missing;
  const whole = absent ? Math.max(4, tall(absent / total)) : 0;
  out.push(`<rect x="${x}" y="${whole}" width="${w}" height="${HEIGHT - whole}" class="fresh"/>`);
  let y = 0;
  for (const state of STATES) {
    if (!m[state]) continue;
    const h = whole * m[state] / absent;
    out.push(`<rect x="${x}" y="${y}" width="${w}" height="${h}" class="${state}"/>`);
    y += h;
  }
  const top = Math.max(d.most_after, 0.001);
  const late = Math.min(AFTER, m.slowest / top * AFTER);
  const after = Math.min(AFTER, m.after / top * AFTER);
  const floor = HEIGHT + GAP + AFTER;
  const bar = (h, kind) => out.push(`<rect x="${x}" y="${floor - Math.max(1, h)}" width="${w}" height="${Math.max(1, h)}" class="${kind}"/>`);
  if (m.late) bar(late, 'late');
  bar(after, 'after');
  return out.join('');
}

function draw(root, d) {
  const picture = root.querySelector('.picture');
  const width = Math.max(280, picture.clientWidth || root.clientWidth || 800);
  const step = width / d.slots, w = Math.max(1, step - (step > 4 ? 1 : 0.4));
  const bottom = HEIGHT + GAP + AFTER;
  const start = d.slots - d.minutes.length;
  const before = Array.from({ length: Math.max(0, start) }, (_, i) => `<rect x="${i * step}" y="0" width="${w}" height="${HEIGHT}" class="none"/>`).join('');
  const columns = before + d.minutes.map((m, i) => column(m, (start + i) * step, w, d)).join('');
  const hours = d.minutes.map((m, i) => ({ m, x: (start + i) * step })).filter(({ m }) => m.mark)
    .map(({ m, x }) => `<text x="${x}" y="${bottom + TEXT - 3}">${esc(m.mark)}</text><line x1="${x}" x2="${x}" y1="0" y2="${bottom}"/>`)
    .join('');
  const html = `<svg width="${width}" height="${bottom + TEXT}" viewBox="0 0 ${width} ${bottom + TEXT}" role="img" aria-label="${esc(d.label)}">`
    + `<g class="marks">${hours}</g>${columns}<text class="cap" x="0" y="${HEIGHT + GAP - 6}">seconds after the close</text>`
    + `<text class="cap" x="${width}" y="${HEIGHT + GAP - 6}" text-anchor="end">${esc(d.scale)}</text>`
    + `<rect class="cursor" y="0" width="${w}" height="${bottom}" visibility="hidden"/></svg>`;
  if (root.dataset.html !== html) { picture.innerHTML = html; root.dataset.html = html; }
  return { step, start };
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector('.cov');
  const picture = root.querySelector('.picture');
  const words = root.querySelector('.words');
  let place = draw(root, data);
  words.textContent = data.words;
  const watch = new ResizeObserver(() => { place = draw(root, data); });
  watch.observe(picture);
  const cursor = () => root.querySelector('.cursor');
  picture.onmousemove = (event) => {
    const slot = Math.floor((event.clientX - picture.getBoundingClientRect().left) / place.step);
    const minute = data.minutes[slot - place.start];
    if (!minute) return;
    words.textContent = minute.text;
    cursor().setAttribute('x', slot * place.step);
    cursor().setAttribute('visibility', 'visible');
  };
  picture.onmouseleave = () => { words.textContent = data.words; cursor().setAttribute('visibility', 'hidden'); };
  return () => watch.disconnect();
}
