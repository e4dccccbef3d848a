// The position list with its stop-to-target ladder. data: {rows: [{id, symbol, line, entry, now, profit, tone, r, stop,
// target, ladder: {entry, now} in 0..1 or null, ladder_label, protection, detail, closing}], selected, closed, stale}.
const esc = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const LEFT = 6, WIDTH = 156;

function ladder(r) {
  if (!r.ladder) return '<span class="faint">no stop and target</span>';
  const e = LEFT + r.ladder.entry * WIDTH, p = LEFT + Math.min(1, Math.max(0, r.ladder.now)) * WIDTH;
  const fill = p >= e ? 'var(--up)' : 'var(--down)';
  return `<svg width="168" height="26" viewBox="0 0 168 26" role="img" aria-label="${esc(r.ladder_label)}">`
    + `<rect x="${LEFT}" y="11" width="${e - LEFT}" height="4" fill="var(--downsoft)" rx="2"/>`
    + `<rect x="${e}" y="11" width="${LEFT + WIDTH - e}" height="4" fill="var(--upsoft)" rx="2"/>`
    + `<rect x="${Math.min(e, p)}" y="11" width="${Math.abs(p - e)}" height="4" fill="${fill}"/>`
    + `<line x1="6" x2="6" y1="6" y2="20" stroke="var(--down)" stroke-width="2"/>`
    + `<line x1="162" x2="162" y1="6" y2="20" stroke="var(--up)" stroke-width="2"/>`
    + `<line x1="${e}" x2="${e}" y1="8" y2="18" stroke="var(--mut)" stroke-width="1.5"/>`
    + `<path d="M${p} 10l4.5-7h-9z" fill="var(--text)"/></svg>`
    + `<div class="ends cap"><span>${esc(r.stop)}</span><span>${esc(r.target)}</span></div>`;
}

function row(r, closed, asked, selected) {
  const on = r.id === selected;
  const why = `<button type="button" class="why" aria-pressed="${on}" aria-label="${esc(`Why, ${r.symbol}`)}">Why</button> `;
  const act = closed ? '' : asked === r.id
    ? '<button type="button" class="dang yes">Close now</button> <button type="button" class="no">Keep</button>'
    : `<button type="button" class="ask"${r.closing ? ' disabled' : ''}>${r.closing ? 'Closing' : 'Close…'}</button>`;
  return `<tr data-id="${esc(r.id)}" class="${on ? 'on' : ''}"><td><b class="big">${esc(r.symbol)}</b><br><span class="mut">${esc(r.line)}</span></td>`
    + `<td class="n">${esc(r.entry)}<br><b>${esc(r.now)}</b></td>`
    + `<td class="n"><b class="big ${r.tone}">${esc(r.profit)}</b><br><span class="${r.tone}">${esc(r.r)}</span></td>`
    + `<td class="lad m">${ladder(r)}</td><td class="m"><span class="${r.protection_tone}">`
    + `<span class="ic" style="font-size:15px" aria-hidden="true">${r.icon}</span> ${esc(r.protection)}</span><br>`
    + `<span class="mut">${esc(r.detail)}</span></td><td class="m">${esc(r.strategy)}</td><td class="act">${why}${act}</td></tr>`;
}

export default function ({ parentElement, data, setTriggerValue, setStateValue }) {
  const body = parentElement.querySelector('tbody');
  parentElement.querySelector('.posw').classList.toggle('stale', data.stale);
  const draw = () => {
    const html = data.rows.map((r) => row(r, data.closed, body.dataset.asked, data.selected)).join('');
    if (body.dataset.html === html) return;
    const spot = parentElement.activeElement?.closest?.('tr')?.dataset.id;
    body.innerHTML = html;
    body.dataset.html = html;
    if (spot) body.querySelector(`tr[data-id="${CSS.escape(spot)}"] button`)?.focus();
  };
  body.onclick = (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    const id = button.closest('tr').dataset.id;
    if (button.classList.contains('why')) { setStateValue('selected', id); return; }
    if (button.classList.contains('ask')) body.dataset.asked = id;
    else body.dataset.asked = '';
    if (button.classList.contains('yes')) setTriggerValue('close', id);
    draw();
  };
  draw();
}
