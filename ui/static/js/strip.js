// The status strip. data: {simulated, market, speed, mode, fresh, late, symbols, after, stale, market_ms, sent_ms, day,
// day_percent, limit_percent, stopped, paused, away, intervals: [{name, ms, origin}], theme}. Between updates it only moves the clocks.
const timers = new WeakMap();
const esc = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const signed = (value, digits) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(digits)}`;
const two = (value) => String(value).padStart(2, '0');
const icon = (name) => `<span class="ic" style="font-size:14px" aria-hidden="true">${name}</span>`;

function body(d) {
  const market = d.simulated
    ? `<span class="bdg warn">${icon('science')}Simulated market · ${esc(d.speed)}× speed</span>`
    : `<span class="bdg">${icon('candlestick_chart')}${esc(d.market)}, real prices</span>`;
  const mode = `<span class="bdg paper">${d.mode === 'paper' ? 'Paper only' : esc(d.mode)}</span>`;
  const away = `<span class="it downtone">${icon('cloud_off')}No connection to the API</span>`;
  const stale = `<span class="it warn">${icon('warning')}${d.symbols - d.fresh - d.late} of ${d.symbols} not fresh</span>`;
  const fresh = `<span class="it"><span class="up">${icon('check_circle')}</span><span><b>${d.fresh}</b>/${d.symbols} fresh`
    + `${d.late ? ` · ${d.late} late` : ''} · ${d.after.toFixed(1)} s after close</span></span>`;
  const none = `<span class="it">${icon('hourglass_top')}waiting for the first candle close</span>`;
  const state = d.away ? away : d.fresh === null ? none : d.stale ? stale : fresh;
  const share = Math.min(100, d.limit_percent ? Math.max(0, -d.day_percent) / d.limit_percent * 100 : 0);
  const tone = d.day_percent < 0 ? 'downtone' : d.day_percent > 0 ? 'up' : '';
  const today = `<span class="it hidem" title="closed today, after fees; at the limit new entries stop">Realised today <b class="num ${tone}">${signed(d.day_percent, 2)} %</b>`
    + ` <span class="bar" style="width:54px"><i style="width:${share}%;background:var(--down)"></i></span>`
    + ` <span>of −${d.limit_percent.toFixed(1)} %</span></span>`;
  const pause = d.paused
    ? `<button class="go" type="button">${icon('play_arrow')}Resume entries</button>`
    : `<button class="dang go" type="button">${icon('back_hand')}Pause entries</button>`;
  const lost = `<span class="bdg warn" title="today's realised loss is at its limit">${icon('block')}No entries until 00:00 UTC</span>`;
  const paused = d.paused ? `<span class="bdg warn">${icon('pause_circle')}Entries paused</span>` : d.stopped ? lost : '';
  const next = d.intervals.length
    ? '<span class="div hidem"></span><span class="it hidem"><span><span class="which"></span> closes in</span> <b class="num left"></b></span>'
    : '';
  return `${d.away && d.market_ms === null ? '' : market + mode}<span class="div"></span>${state}`
    + (d.market_ms === null ? '' : next + '<span class="div hidem"></span>' + today)
    + `<span class="sp row nw">${paused}<span class="it hidem clock"></span>${pause}</span>`;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector('.status');
  const html = body(data);
  // Only a real change touches the page, so that focus and a pressed button survive the updates.
  if (root.dataset.html !== html) { root.innerHTML = html; root.dataset.html = html; }
  const button = root.querySelector('.go');
  button.disabled = data.away;
  button.onclick = () => { button.disabled = true; setTriggerValue('pause', data.paused ? 'off' : 'on'); };
  clearInterval(timers.get(root));
  const received = Date.now();
  const tick = () => {
    if (data.market_ms === null) return;
    const now = data.market_ms + (data.away ? 0 : (Date.now() - received) * data.speed);
    const place = root.querySelector('.left');
    if (place) {
      const closes = data.intervals.map(({ name, ms, origin }) => [ms - (now - origin) % ms, name]);
      const [wait, name] = closes.reduce((first, other) => (other[0] < first[0] ? other : first));
      const left = Math.ceil(wait / 1000);
      place.textContent = left >= 3600
        ? `${Math.floor(left / 3600)}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`
        : `${two(Math.floor(left / 60))}:${two(left % 60)}`;
      root.querySelector('.which').textContent = name;
    }
    const moment = new Date(now);
    const clock = root.querySelector('.clock');
    if (clock) {
      clock.textContent = moment.toLocaleTimeString('en-GB');
      clock.title = `market time, ${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    }
  };
  tick();
  timers.set(root, setInterval(tick, 1000));
  return () => clearInterval(timers.get(root));
}
