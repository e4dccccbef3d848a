// Candles with signal marks, price levels and shaded risk and reward, over the vendored lightweight-charts.
// data: {candles, volume, markers, levels: [{kind, title, price}], from, ema, decimals, label, theme}; times are seconds.
const library = import(new URL('/vendor/lightweight-charts/lightweight-charts.standalone.production.mjs',
  window.location.origin).href);
const charts = new WeakMap();
const LEVEL_TOKEN = { entry: '--acc', stop: '--down', target: '--up', support: '--up', resistance: '--down',
  reference: '--faint' };
const PLAN = ['entry', 'stop', 'target'];
const DASHED = 2, DOTTED = 1, SPARSE = 4;
// Candles of room at the right, so that labels cover none.
const room = (levels) => (levels.some((level) => !PLAN.includes(level.kind)) ? 16 : levels.length ? 10 : 3);
const style = (level) => (level.kind === 'reference' ? SPARSE : level.kind === 'target' && level.dashed ? DASHED
  : PLAN.includes(level.kind) ? 0 : DOTTED);

function colour(host, token) {
  const probe = host.querySelector('.probe');
  probe.style.color = `var(${token})`;
  return getComputedStyle(probe).color;
}

// Rectangles from the signal's candle to the right edge: risk between entry and stop, reward up to the last target.
class Zones {
  constructor() { this.zones = []; this.from = null; }
  attached({ chart, series, requestUpdate }) { this.chart = chart; this.series = series; this.update = requestUpdate; }
  set(from, zones) { this.from = from; this.zones = zones; if (this.update) this.update(); }
  paneViews() {
    const owner = this;
    return [{
      zOrder: () => 'bottom',
      renderer: () => ({
        draw: (target) => target.useMediaCoordinateSpace(({ context, mediaSize }) => {
          if (owner.from === null) return;
          const x = owner.chart.timeScale().timeToCoordinate(owner.from);
          if (x === null) return;
          for (const zone of owner.zones) {
            const a = owner.series.priceToCoordinate(zone.a);
            const b = owner.series.priceToCoordinate(zone.b);
            if (a === null || b === null) continue;
            context.fillStyle = zone.fill;
            context.fillRect(x, Math.min(a, b), mediaSize.width - x, Math.abs(a - b));
          }
        }),
      }),
    }];
  }
}

function average(candles, span) {
  const out = [];
  let value = null;
  for (const [index, candle] of candles.entries()) {
    if (index < span - 1) continue;
    value = value === null
      ? candles.slice(0, span).reduce((sum, c) => sum + c.close, 0) / span
      : value + (candle.close - value) * 2 / (span + 1);
    out.push({ time: candle.time, value });
  }
  return out;
}

function build(lib, host, holder) {
  const chart = lib.createChart(holder, { autoSize: true });
  const volume = chart.addSeries(lib.HistogramSeries, {
    priceScaleId: 'volume', lastValueVisible: false, priceLineVisible: false, priceFormat: { type: 'volume' },
  });
  chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  const line = chart.addSeries(lib.LineSeries, {
    lineWidth: 1, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false,
  });
  const candles = chart.addSeries(lib.CandlestickSeries, { priceLineVisible: false, lastValueVisible: false });
  const zones = new Zones();
  candles.attachPrimitive(zones);
  const state = { chart, volume, line, candles, zones, marks: lib.createSeriesMarkers(candles, []), lines: [], shown: '' };
  // Every level of the plan stays in view, however far from the last candles.
  candles.applyOptions({
    autoscaleInfoProvider: (original) => {
      const info = original();
      if (info && info.priceRange && state.data) {
        for (const level of state.data.levels.filter((one) => PLAN.includes(one.kind))) {
          info.priceRange.minValue = Math.min(info.priceRange.minValue, level.price);
          info.priceRange.maxValue = Math.max(info.priceRange.maxValue, level.price);
        }
      }
      return info;
    },
  });
  return state;
}

function paint(lib, host, state, data) {
  state.data = data;
  const c = Object.fromEntries(['--bg', '--text', '--mut', '--faint', '--grid', '--up', '--down', '--acc', '--accink',
    '--zup', '--zdown'].map((token) => [token, colour(host, token)]));
  const format = { type: 'price', precision: data.decimals, minMove: 10 ** -data.decimals };
  const digits = { minimumFractionDigits: data.decimals, maximumFractionDigits: data.decimals };
  state.chart.applyOptions({
    localization: { priceFormatter: (value) => value.toLocaleString('en-US', digits) },
    layout: { background: { color: c['--bg'] }, textColor: c['--mut'], fontSize: 11,
      fontFamily: '"IBM Plex Sans", sans-serif', attributionLogo: true },
    grid: { vertLines: { color: c['--grid'] }, horzLines: { color: c['--grid'] } },
    timeScale: { timeVisible: true, secondsVisible: false, borderColor: c['--grid'], rightOffset: room(data.levels) },
    rightPriceScale: { borderColor: c['--grid'] },
    crosshair: { vertLine: { color: c['--faint'] }, horzLine: { color: c['--faint'] } },
  });
  state.candles.applyOptions({
    upColor: c['--bg'], downColor: c['--down'], borderUpColor: c['--up'], borderDownColor: c['--down'],
    wickUpColor: c['--up'], wickDownColor: c['--down'], priceFormat: format,
  });
  state.candles.setData(data.candles);
  state.volume.applyOptions({ color: c['--faint'].replace('rgb(', 'rgba(').replace(')', ', .32)') });
  state.volume.setData(data.candles.map(({ time, volume }) => ({ time, value: volume })));
  state.line.applyOptions({ color: c['--mut'], visible: data.ema > 0, priceFormat: format });
  state.line.setData(data.ema > 0 ? average(data.candles, data.ema) : []);
  state.marks.setMarkers(data.markers.map((mark) => ({
    time: mark.time, position: mark.above ? 'aboveBar' : 'belowBar', shape: mark.shape,
    color: c[`--${mark.tone}`], text: mark.text || '', size: mark.size || 1,
  })));
  state.lines.forEach((line) => state.candles.removePriceLine(line));
  state.lines = data.levels.map((level) => state.candles.createPriceLine({
    price: level.price, color: c[LEVEL_TOKEN[level.kind]], title: level.title, lineWidth: 1, lineStyle: style(level),
    axisLabelVisible: true, axisLabelTextColor: PLAN.includes(level.kind) ? c['--accink'] : c[LEVEL_TOKEN[level.kind]],
    axisLabelColor: PLAN.includes(level.kind) ? c[LEVEL_TOKEN[level.kind]] : c['--bg'],
  }));
  const entry = data.levels.find((level) => level.kind === 'entry');
  const stop = data.levels.find((level) => level.kind === 'stop');
  const targets = data.levels.filter((level) => level.kind === 'target');
  const zones = [];
  if (entry && stop) zones.push({ a: entry.price, b: stop.price, fill: c['--zdown'] });
  if (entry && targets.length) zones.push({ a: entry.price, b: targets.at(-1).price, fill: c['--zup'] });
  state.zones.set(data.from, zones);
  const shown = `${data.label}|${data.candles.length ? data.candles[0].time : 0}`;
  if (state.shown !== shown) {
    const bars = data.candles.length;
    const first = Math.max(0, bars - (data.bars || bars));
    state.chart.timeScale().setVisibleLogicalRange({ from: first - 0.5, to: bars + (room(data.levels)) });
    state.shown = shown;
  }
}

export default function ({ parentElement, data }) {
  const holder = parentElement.querySelector('.holder');
  const host = parentElement.querySelector('.ss');
  holder.style.height = `${data.height}px`;
  holder.setAttribute('aria-label', data.label);
  let alive = true;
  library.then((lib) => {
    if (!alive) return;
    let state = charts.get(holder);
    if (!state) { state = build(lib, host, holder); charts.set(holder, state); holder.dataset.ready = 'yes'; }
    paint(lib, host, state, data);
  });
  return () => {
    alive = false;
    if (holder.isConnected) return;
    const state = charts.get(holder);
    if (state) { state.chart.remove(); charts.delete(holder); }
  };
}
