"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const canvas = at("canvas"), context = canvas.getContext("2d"), inspector = at("inspector");
  const LEFT = 96, TOP = 26, ROW = 26, LANES_MAX = 24;
  let key = null, view = { from: 0, to: 1, top: 0 }, chosen = -1, pointed = -1, drag = null, waiting = false;

  // A key's columns become operations: lane, call, return (Infinity if it never returned).
  function open(raw) {
    const [lane, delta, length, label, ask, answer] = raw.columns;
    const count = lane.length, call = new Float64Array(count), ret = new Float64Array(count);
    const rows = new Map(), point = new Float64Array(count).fill(NaN), rank = new Int32Array(count);
    let time = 0, end = 1;
    for (let i = 0; i < count; i++) {
      time += delta[i];
      call[i] = time;
      ret[i] = length[i] === -1 ? Infinity : length[i] === -2 ? time : time + length[i];
      end = Math.max(end, ret[i] === Infinity ? time : ret[i]);
      if (!rows.has(lane[i])) rows.set(lane[i], []);
      rows.get(lane[i]).push(i);
    }
    // A client with several open at once gets several rows.
    const lanes = [];
    for (const client of [...rows.keys()].sort((a, b) => a - b)) {
      const mine = [];
      for (const i of rows.get(client)) {
        let row = mine.find((row) => row.until < call[i]);
        if (!row && mine.length < 4) { row = { client, list: [], until: -1 }; mine.push(row); lanes.push(row); }
        row = row || mine[mine.length - 1];
        row.list.push(i);
        row.until = ret[i] === Infinity ? call[i] : ret[i];
      }
    }
    // The longest of a row bounds how far back a search has to look.
    for (const row of lanes) {
      row.longest = 0;
      for (const i of row.list) if (ret[i] !== Infinity) row.longest = Math.max(row.longest, ret[i] - call[i]);
    }
    let last = 0;
    raw.order.forEach((i, place) => { last = Math.max(last, call[i]); point[i] = last; rank[i] = place + 1; });
    return { raw, lanes, call, ret, label, ask, answer, length, lane, count, end, point, rank,
      core: new Set(raw.core), beside: new Set(raw.beside), bad: raw.bad };
  }

  const width = () => canvas.clientWidth - LEFT - 8;
  const x = (time) => LEFT + (time - view.from) / (view.to - view.from) * width();
  const timeAt = (px) => view.from + (px - LEFT) / width() * (view.to - view.from);
  const shown = (offset) => (BigInt(data.base) + BigInt(Math.round(offset))).toString();
  const overlap = (a, b) => key.call[a] <= key.ret[b] && key.call[b] <= key.ret[a];
  const visibleRows = () => Math.min(key.lanes.length, LANES_MAX);

  function firstFrom(list, time) {
    let low = 0, high = list.length;
    while (low < high) { const half = (low + high) >> 1; if (key.call[list[half]] < time) low = half + 1; else high = half; }
    return low;
  }

  function draw() {
    waiting = false;
    const ratio = window.devicePixelRatio || 1, rows = visibleRows();
    const w = canvas.clientWidth, h = TOP + rows * ROW + 10;
    canvas.style.height = h + "px";
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#fff"; context.fillRect(0, 0, w, h);
    context.save();
    context.beginPath(); context.rect(LEFT, 0, w - LEFT, h); context.clip();
    axis(w, h);
    for (let row = 0; row < rows; row++) drawRow(key.lanes[view.top + row], TOP + row * ROW);
    context.restore();
    context.font = "12px ui-monospace, monospace"; context.fillStyle = "#555"; context.textBaseline = "middle";
    for (let row = 0; row < rows; row++) {
      context.fillText(("client " + data.clients[key.lanes[view.top + row].client]).slice(0, 13), 4, TOP + row * ROW + ROW / 2);
    }
    const more = key.lanes.length - rows;
    if (more > 0) context.fillText("\u2195 " + key.lanes.length + " lanes", 4, 12);
  }

  function axis(w, h) {
    const span = view.to - view.from, rough = span / Math.max(2, width() / 130);
    const power = Math.pow(10, Math.floor(Math.log10(Math.max(rough, 1))));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) || power * 10;
    context.font = "11px ui-monospace, monospace"; context.textBaseline = "middle";
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
      context.fillStyle = "#e4e4e4"; context.fillRect(x(t), TOP - 8, 1, h);
      context.fillStyle = "#777"; context.fillText(shown(t), x(t) + 3, 10);
    }
    for (const [from, until, text] of data.marks) {
      const a = x(from), b = until === null ? a + 2 : Math.max(a + 2, x(until));
      context.fillStyle = "rgba(0,0,0,0.07)"; context.fillRect(a, TOP - 8, b - a, h);
      context.fillStyle = "#333"; context.fillText(text.slice(0, 40), a + 3, TOP - 6);
    }
  }

  function drawRow(row, y) {
    context.fillStyle = "#ededed"; context.fillRect(LEFT, y + ROW / 2, width() + 8, 1);
    // Operations that never returned reach in from far away; only their beginnings are drawn when many.
    const start = firstFrom(row.list, view.from - row.longest);
    let filled = -1;
    for (let place = start; place < row.list.length; place++) {
      const i = row.list[place];
      if (key.call[i] > view.to) break;
      const a = x(key.call[i]), open = key.ret[i] === Infinity;
      const b = open ? Math.max(a + 70, Number.isNaN(key.point[i]) ? 0 : x(key.point[i]) + 8) : Math.max(a + 1.5, x(key.ret[i]));
      if (b < LEFT) continue;
      const special = key.core.has(i) || key.beside.has(i) || i === chosen || i === pointed;
      if (b - a < 3 && b <= filled && !special) continue;
      filled = Math.max(filled, Math.floor(b));
      bar(i, a, b, y, open);
    }
  }

  function bar(i, a, b, y, open) {
    const focus = pointed >= 0 ? pointed : -1, dim = focus >= 0 && focus !== i && !overlap(i, focus);
    const core = key.core.has(i), beside = key.beside.has(i), failed = key.length[i] === -2;
    context.globalAlpha = dim ? 0.25 : 1;
    if (open) {
      const fade = context.createLinearGradient(a, 0, b, 0);
      fade.addColorStop(0, core ? "#8fa9cc" : "#cfcfcf"); fade.addColorStop(1, "rgba(255,255,255,0)");
      context.fillStyle = fade;
    } else context.fillStyle = failed ? "#fff" : core ? "#8fa9cc" : beside ? "#d9e2ef" : "#dedede";
    context.fillRect(a, y + 4, b - a, ROW - 8);
    if (!open || i === key.bad) {
      context.lineWidth = i === key.bad ? 2.5 : core ? 1.5 : 0.5;
      context.strokeStyle = i === key.bad ? "#000" : core ? "#2f4a70" : "#999";
      if (b - a > 3 || core) context.strokeRect(a, y + 4, b - a, ROW - 8);
    }
    if (i === chosen) { context.strokeStyle = "#000"; context.lineWidth = 1; context.setLineDash([3, 2]); context.strokeRect(a - 2, y + 2, b - a + 4, ROW - 4); context.setLineDash([]); }
    const text = data.texts[key.label[i]];
    if (b - a > 26 || core) {
      context.save(); context.beginPath(); context.rect(a, y, Math.max(b - a, core ? 90 : 0), ROW); context.clip();
      context.fillStyle = "#111"; context.font = "12px ui-monospace, monospace"; context.textBaseline = "middle";
      context.fillText(text, Math.max(a, LEFT) + 4, y + ROW / 2 + 1);
      context.restore();
    }
    if (!Number.isNaN(key.point[i]) && b - a > 5) {
      const p = Math.min(Math.max(x(key.point[i]), a + 2), b - 2);
      context.fillStyle = "#000"; context.beginPath(); context.arc(p, y + ROW - 5, 2.5, 0, 7); context.fill();
    }
    context.globalAlpha = 1;
  }

  function later() { if (!waiting) { waiting = true; requestAnimationFrame(draw); } }

  function words(i) {
    const end = key.length[i] === -1 ? "called at " + shown(key.call[i]) : key.length[i] === -2 ? "called at " + shown(key.call[i])
      : "from " + shown(key.call[i]) + " to " + shown(key.ret[i]);
    const place = key.rank[i] ? " Number " + key.rank[i] + " in the order that was found." : key.raw.order.length ? " Not in the order that was found." : "";
    const role = i === key.bad ? " This is the answer that cannot be placed." : key.core.has(i) ? " Part of the core." : "";
    return "client " + data.clients[key.lane[i]] + "'s " + data.texts[key.ask[i]] + " (" + end + ") " + data.texts[key.answer[i]] + "." + role + place;
  }

  function tell(i) { inspector.textContent = i >= 0 ? words(i) : "Point at a bar, or press n."; }

  function show(from, to) {
    const least = 1e-3;
    const size = Math.min(Math.max(to - from, least), key.end * 1.2 + 2), middle = (from + to) / 2;
    view.from = middle - size / 2; view.to = middle + size / 2; later();
  }

  function zoom(factor, around) {
    const pivot = around === undefined ? (view.from + view.to) / 2 : around;
    show(pivot - (pivot - view.from) * factor, pivot + (view.to - pivot) * factor);
  }

  function rowOf(i) { return key.lanes.findIndex((row) => row.client === key.lane[i] && row.list.includes(i)); }

  function reveal(i) {
    const row = rowOf(i);
    if (row < view.top || row >= view.top + visibleRows()) view.top = Math.max(0, Math.min(row - 2, key.lanes.length - visibleRows()));
    const end = key.ret[i] === Infinity ? key.call[i] : key.ret[i];
    if (key.call[i] < view.from || end > view.to) { const half = (view.to - view.from) / 2; show(key.call[i] - half, key.call[i] + half); }
  }

  function toCore() {
    const list = key.raw.core.concat(key.raw.beside);
    if (!list.length) return toAll();
    let from = Infinity, to = 0;
    for (const i of list) { from = Math.min(from, key.call[i]); to = Math.max(to, key.ret[i] === Infinity ? key.call[i] : key.ret[i]); }
    const pad = (to - from) * 0.1 + 1;
    show(from - pad, to + pad);
    if (key.bad !== null) { chosen = key.bad; reveal(chosen); tell(chosen); }
  }

  function toAll() { show(-key.end * 0.02, key.end * 1.04); }

  function choose(number) {
    key = open(data.keys[number]);
    at("says").textContent = key.raw.says; at("says").title = key.raw.says;
    view.top = 0; chosen = pointed = -1; tell(-1);
    toCore(); later();
  }

  function hit(event) {
    const box = canvas.getBoundingClientRect(), px = event.clientX - box.left, row = key.lanes[view.top + Math.floor((event.clientY - box.top - TOP) / ROW)];
    if (!row || px < LEFT) return -1;
    let best = -1;
    for (let place = firstFrom(row.list, timeAt(px) - row.longest - (view.to - view.from)); place < row.list.length; place++) {
      const i = row.list[place], a = x(key.call[i]);
      if (a > px + 2) break;
      const b = key.ret[i] === Infinity ? a + 70 : Math.max(a + 2, x(key.ret[i]));
      if (px <= b + 2) best = i;
    }
    return best;
  }

  function step(by) {
    if (!key.count) return;
    chosen = chosen < 0 ? (by > 0 ? 0 : key.count - 1) : Math.min(key.count - 1, Math.max(0, chosen + by));
    reveal(chosen); tell(chosen); later();
  }

  function scroll(by) { view.top = Math.max(0, Math.min(key.lanes.length - visibleRows(), view.top + by)); later(); }

  const keys = {
    ArrowLeft: () => show(view.from - (view.to - view.from) / 4, view.to - (view.to - view.from) / 4),
    ArrowRight: () => show(view.from + (view.to - view.from) / 4, view.to + (view.to - view.from) / 4),
    ArrowUp: () => scroll(-1), ArrowDown: () => scroll(1),
    "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), c: toCore, a: toAll, n: () => step(1), p: () => step(-1),
    "?": () => { at("help").hidden = !at("help").hidden; },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    const act = keys[event.key];
    if (act) { act(); event.preventDefault(); }
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey) return scroll(Math.sign(event.deltaY));
    zoom(event.deltaY < 0 ? 0.8 : 1.25, timeAt(event.clientX - canvas.getBoundingClientRect().left));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => { drag = { px: event.clientX, from: view.from, to: view.to, moved: false }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    if (drag) {
      const by = (event.clientX - drag.px) / width() * (drag.to - drag.from);
      drag.moved = drag.moved || Math.abs(event.clientX - drag.px) > 3;
      if (drag.moved) show(drag.from - by, drag.to - by);
      return;
    }
    const now = hit(event);
    if (now !== pointed) { pointed = now; tell(now >= 0 ? now : chosen); later(); }
  });
  canvas.addEventListener("pointerup", (event) => { if (drag && !drag.moved) { chosen = hit(event); tell(chosen); later(); } drag = null; });
  canvas.addEventListener("pointerleave", () => { if (pointed >= 0) { pointed = -1; tell(chosen); later(); } });
  window.addEventListener("resize", later);
  at("to-core").addEventListener("click", toCore); at("to-all").addEventListener("click", toAll);
  at("in").addEventListener("click", () => zoom(0.5)); at("out").addEventListener("click", () => zoom(2));
  at("help-button").addEventListener("click", keys["?"]);
  const select = at("key");
  data.keys.forEach((raw, number) => {
    const option = document.createElement("option");
    option.value = number; option.textContent = raw.name + " \u2013 " + raw.state + ", " + raw.columns[0].length + " operations";
    select.appendChild(option);
  });
  select.addEventListener("change", () => choose(Number(select.value)));
  if (data.keys.length) {
    at("live").hidden = false;
    const bad = data.keys.findIndex((raw) => raw.state === "illegal");
    select.value = String(Math.max(0, bad));
    choose(Math.max(0, bad));
  }
})();
