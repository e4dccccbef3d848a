// The list of strategies. data: {rows: [{id, name, says, shared, interval, arrow, direction, tag, kind, today, last, at}],
// selected}. Selection goes by id, never by position.
const esc = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function row(r, selected) {
  const on = r.id === selected;
  const shared = r.shared ? ` <span class="bdg">${esc(r.shared)}</span>` : '';
  return `<tr data-id="${esc(r.id)}" class="${on ? 'on' : ''}" aria-selected="${on}">`
    + `<td class="pick"><input type="radio" name="strategy" aria-label="${esc(`${r.name}, ${r.tag}`)}"`
    + `${on ? ' checked' : ''}></td>`
    + `<td><div class="cut"><b>${esc(r.name)}</b>${shared}</div>`
    + `<div class="cut cap" title="${esc(r.says)}">${esc(r.says)}</div></td>`
    + `<td class="m"><span class="arrow">${r.arrow}</span> ${esc(r.interval)} ${esc(r.direction)}</td>`
    + `<td><span class="tag ${r.kind}">${esc(r.tag)}</span></td><td class="n">${esc(r.today)}</td>`
    + `<td class="n m" title="${esc(r.at)}">${esc(r.last)}</td></tr>`;
}

export default function ({ parentElement, data, setStateValue }) {
  const body = parentElement.querySelector('tbody');
  const select = (id) => {
    if (id === body.dataset.selected) return;
    body.dataset.selected = id;
    body.querySelectorAll('tr').forEach((line) => {
      line.classList.toggle('on', line.dataset.id === id);
      line.setAttribute('aria-selected', line.dataset.id === id);
      line.querySelector('input').checked = line.dataset.id === id;
    });
    setStateValue('selected', id);
  };
  const focused = parentElement.activeElement?.closest?.('tr')?.dataset.id;
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
