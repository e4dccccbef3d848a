// A small code editor: line numbers, colours, and a wavy line under what the compiler refused.
// data: {code, version, errors: [{line, column, text}], label}. A change is sent half a second after the last key.
const WORDS = /(#[^\n]*)|("[^"\n]*"|'[^'\n]*')|\b(match|exit|stop|target|score|and|or|not|if|else|True|False)\b|\b([a-z_]\w*)(?=\()/gi;
const timers = new WeakMap();
const esc = (value) => value.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function coloured(line) {
  let out = '', last = 0;
  for (const m of line.matchAll(WORDS)) {
    const kind = m[1] ? 'c' : m[2] ? 's' : m[3] ? 'k' : 'f';
    out += `${esc(line.slice(last, m.index))}<span class="${kind}">${esc(m[0])}</span>`;
    last = m.index + m[0].length;
  }
  return out + esc(line.slice(last));
}

function wave(errors, number, line) {
  return errors.filter((e) => e.line === number).map((e) => {
    const start = Math.max(0, (e.column || 1) - 1);
    const word = /^[\w.]+/.exec(line.slice(start));
    return `<i class="wave" style="left:${start}ch;width:${Math.max(1, word ? word[0].length : 1)}ch" title="${esc(e.text)}"></i>`;
  }).join('');
}

export default function ({ parentElement, data, setStateValue }) {
  const area = parentElement.querySelector('textarea');
  const view = parentElement.querySelector('.view');
  area.setAttribute('aria-label', data.label);
  const paint = (errors) => {
    const lines = area.value.split('\n');
    view.innerHTML = lines.map((line, i) => `<div class="line"><span class="ln">${i + 1}</span><span class="src">`
      + `${coloured(line) || ' '}${wave(errors, i + 1, line)}</span></div>`).join('');
    area.style.height = `${Math.max(6, lines.length) * 19 + 18}px`;
  };
  if (area.dataset.version !== String(data.version)) {
    area.value = data.code;
    area.dataset.version = String(data.version);
  }
  paint(data.errors);
  const send = () => { clearTimeout(timers.get(area)); setStateValue('code', area.value); };
  area.oninput = () => {
    paint([]);
    clearTimeout(timers.get(area));
    timers.set(area, setTimeout(send, 500));
  };
  area.onscroll = () => { view.scrollLeft = area.scrollLeft; };
  return () => clearTimeout(timers.get(area));
}
