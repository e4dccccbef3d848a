// The signal table. data: {rows: [{id, symbol, arrow, side, strategy, age, since, since_tone, tag, kind, confidence,
// r, r_tone, settled, fresh}], selected, stale}. Selection goes by id, never by position.
const esc = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function row(r, selected) {
  const on = r.id === selected;
  return `<tr data-id="${esc(r.id)}" class="${on ? 'on' : ''} ${r.settled ? 'dim' : ''}" aria-selected="${on}">`
    + `<td class="pick"><input type="radio" name="signal" aria-label="${esc(`${r.symbol}, ${r.side}, ${r.strategy}`)}"`
    + `${on ? ' checked' : ''}></td>`
    + `<td><span class="arrow">${r.arrow}</span> ${on ? `<b>${esc(r.symbol)}</b>` : esc(r.symbol)}</td>`
    + `<td class="m" title="${esc(r.strategy)}">${esc(r.strategy)}</td><td class="n" title="${esc(r.at)}">${esc(r.age)}</td>`
    + `<td class="n m">${esc(r.since)}</td><td><span class="tag ${r.kind}">${esc(r.tag)}</span></td>`
    + `<td class="n m">${esc(r.confidence)}</td><td class="n ${r.settled ? 'mut' : r.r_tone}">${esc(r.r)}</td></tr>`;
}

export default function ({ parentElement, data, setStateValue }) {
  const body = parentElement.querySelector('tbody');
  parentElement.querySelector('.df').classList.toggle('stale', data.stale);
  const select = (id) => {
    if (id === body.dataset.selected) return;
    body.dataset.selected = id;
    body.querySelectorAll('tr').forEach((line) => {
      line.classList.toggle('on', line.dataset.id === id);
      line.querySelector('input').checked = line.dataset.id === id;
    });
    setStateValue('selected', id);
  };
  const focused = parentElement.activeElement && parentElement.activeElement.closest
    ? parentElement.activeElement.closest('tr')?.dataset.id : undefined;
  const html = data.rows.map((r) => row(r, data.selected)).join('');
  if (body.dataset.html !== html) {
    body.innerHTML = html;
    body.dataset.html = html;
    if (focused) body.querySelector(`tr[data-id="${CSS.escape(focused)}"] input`)?.focus();
  }
  body.dataset.selected = data.selected;
  body.onclick = (event) => { const line = event.target.closest('tr'); if (line) select(line.dataset.id); };
  body.onchange = (event) => { const line = event.target.closest('tr'); if (line) select(line.dataset.id); };
}
