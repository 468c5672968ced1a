// The space-time diagram: a group a protocol, in it a lane a node and one for the clients; time runs to the right. Only
// what is within the stretch of time looked at is drawn.

const canvas = at("spacetime"), ground = canvas.getContext("2d");
// What changes with every step lies on a canvas above, so that the rest is drawn once for a stretch of time.
const glass = at("glass"), above = glass.getContext("2d");
let pen = ground;
const LEFT = 64, TOP = 22, HEAD = 20, RIGHT = 10;
const ink = "#1a1a1a", soft = "#6b6b6b", pale = "#d5d5d5";
const FONT = "12px system-ui, sans-serif", SMALL = "11px system-ui, sans-serif";
// Above this many arrows they are thinned, and get no names.
const ARROWS_MANY = 400;
let layout = { groups: [], height: 0, width: 0 };

const x = (time) => LEFT + ((time - moment.from) / (moment.to - moment.from)) * (layout.width - LEFT - RIGHT);
const timeAtX = (px) => moment.from + ((px - LEFT) / (layout.width - LEFT - RIGHT)) * (moment.to - moment.from);

// How wide the diagram is. Asked for only when it may have changed: the question makes the browser lay out the page.
let wide = canvas.clientWidth;
function measure() {
  wide = canvas.clientWidth;
  changed();
}

// Where each lane is; hidden nodes have none.
function place() {
  const lanes = runs.reduce((sum, run) => sum + run.nodes + 1, 0), row = lanes > 30 ? 20 : 26;
  let y = TOP;
  const groups = runs.map((run) => {
    const top = y, lane = [];
    y += HEAD;
    for (let node = 0; node <= run.nodes; node++) {
      if (node < run.nodes && moment.hidden.has(node)) { lane.push(-1); continue; }
      lane.push(y + row / 2);
      y += row;
    }
    y += 8;
    return { run, top, bottom: y - 4, lane };
  });
  return { groups, height: y + 4, width: wide, row };
}

// Makes a canvas as sharp as the screen.
function prepare(canvas, pen, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = height + "px";
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.globalAlpha = 1;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.textBaseline = "middle";
}

// The time axis, with the moment at the cursor.
function axis(pen, width, height) {
  const span = moment.to - moment.from, rough = span / Math.max(2, (width - LEFT) / 110);
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const size = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const digits = Math.max(0, 6 - Math.floor(Math.log10(size)));
  pen.font = SMALL;
  for (let time = Math.ceil(moment.from / size) * size; time <= moment.to; time += size) {
    const px = x(time);
    pen.fillStyle = "#ebebeb";
    pen.fillRect(px, TOP - 6, 1, height);
    pen.fillStyle = soft;
    if (px >= LEFT - 1 && px < width - 54) pen.fillText((time / 1e6).toFixed(Math.min(digits, 6)) + " ms", px + 3, 10);
  }
}

// The spans of faults, hatched, so that they show in grey and in print.
function drawBands(pen, bands, top, bottom, width, isNamed) {
  pen.save();
  pen.beginPath();
  pen.rect(LEFT, top, width - LEFT, bottom - top);
  pen.clip();
  let free = LEFT + 4;
  pen.font = SMALL;
  for (const band of bands) {
    const from = Math.max(x(band.from), LEFT - 2), to = band.until === null ? x(band.from) + 3 : Math.min(x(band.until), width + 2);
    if (to < LEFT || from > width) continue;
    pen.fillStyle = "rgba(120, 100, 40, 0.09)";
    pen.fillRect(from, top, Math.max(to - from, 2), bottom - top);
    pen.strokeStyle = "rgba(90, 70, 20, 0.75)";
    pen.setLineDash([4, 3]);
    pen.lineWidth = 1;
    pen.strokeRect(from, top - 2, Math.max(to - from, 2), bottom - top + 4);
    pen.setLineDash([]);
    if (!isNamed) continue;
    // Names stand side by side, none on another.
    const text = "\u26a1\ufe0e " + band.text, px = Math.max(from + 4, free), y = top + HEAD / 2;
    free = px + pen.measureText(text).width + 12;
    pen.fillStyle = "#fffdf0";
    pen.fillRect(px - 3, y - 7, free - px - 6, 14);
    pen.fillStyle = "#4a3a10";
    pen.fillText(text, px, y);
  }
  pen.restore();
}

// A lane: thick while its node leads, dashed while it is down.
function drawLane(group, node) {
  const { run } = group, y = group.lane[node], history = run.histories[node];
  pen.strokeStyle = pale;
  pen.lineWidth = 1;
  pen.beginPath(); pen.moveTo(LEFT, y); pen.lineTo(layout.width, y); pen.stroke();
  if (!history) return;
  for (const [from, to, what] of spansOf(run, node)) {
    const left = Math.max(LEFT, x(from)), right = Math.min(layout.width, x(to));
    if (right < LEFT || left > layout.width) continue;
    if (what === "leads") {
      pen.fillStyle = "#b9c8da";
      pen.fillRect(left, y - 3.5, right - left, 7);
    } else {
      pen.fillStyle = "#fff";
      pen.fillRect(left, y - 2, right - left, 4);
      pen.setLineDash([2, 5]); pen.strokeStyle = ink; pen.lineWidth = 1.5;
      pen.beginPath(); pen.moveTo(left, y); pen.lineTo(right, y); pen.stroke();
      pen.setLineDash([]);
    }
  }
}

// When a node led and when it was down; worked out once.
function spansOf(run, node) {
  run.spans = run.spans || [];
  if (run.spans[node]) return run.spans[node];
  const spans = [], history = run.histories[node], leads = (role) => /^lead/i.test(role || "");
  const begin = history.frames[0].get("role");
  let what = leads(begin && begin.value) ? "leads" : "", since = run.time[0];
  const turn = (next, time) => {
    if (next === what) return;
    if (what) spans.push([since, time, what]);
    [what, since] = [next, time];
  };
  for (const place of history.places) {
    if (run.kind[place] === CRASH) turn("down", run.time[place]);
    if (run.kind[place] === BOOT) turn("", run.time[place]);
    const role = (run.changes.get(place) || []).find(([name]) => name === "role");
    if (role) turn(leads(role[1]) ? "leads" : "", run.time[place]);
  }
  if (what) spans.push([since, most * 2, what]);
  return (run.spans[node] = spans);
}

const laneOf = (run, place) => (run.node[place] >= 0 ? run.node[place] : run.client[place] >= 0 ? run.clients : -1);

function dimmed(run, place) {
  return moment.marks !== null && run.index === moment.run && !moment.marks[place];
}

// The arrows of a group; those of the event at the cursor are drawn later, on top.
function drawArrows(group) {
  const { run } = group, seen = new Set(), shown = [];
  for (const arrow of run.arrows) {
    const [from, to] = arrow;
    if (run.time[from] > moment.to) break;
    if (run.time[to] >= moment.from && isShown(run, from) && isShown(run, to)) shown.push(arrow);
  }
  const isMany = shown.length > ARROWS_MANY, isNamed = shown.length < 60;
  for (const [from, to] of shown) {
    if (isMany) {
      // One of those that would lie upon each other.
      const key = (Math.round(x(run.time[from]) / 2) * 65 + laneOf(run, from)) * 65 + laneOf(run, to);
      if (seen.has(key)) continue;
      seen.add(key);
    }
    drawArrow(group, from, to, { isMany, isNamed, isNear: false });
  }
  pen.globalAlpha = 1;
  if (!isMany) drawStubs(group);
}

function drawArrow({ run, lane }, from, to, { isMany, isNamed, isNear }) {
  const start = lane[laneOf(run, from)], end = lane[laneOf(run, to)];
  if (start === undefined || end === undefined || start < 0 || end < 0) return;
  const left = x(run.time[from]), right = x(run.time[to]), isLost = run.kind[to] === DROP;
  const isDim = dimmed(run, from) || dimmed(run, to), isClient = run.client[from] >= 0 || run.client[to] >= 0;
  const height = start === end ? start + 9 : end; // Lost where it was sent.
  pen.globalAlpha = isDim ? 0.12 : isNear ? 1 : isMany ? 0.3 : isClient ? 0.5 : 0.85;
  pen.strokeStyle = isNear ? ink : isClient ? "#767676" : "#2c5c92";
  pen.lineWidth = isNear ? 2.5 : 1;
  pen.setLineDash(isLost ? [5, 4] : isClient && !isMany ? [1, 3] : []);
  pen.beginPath(); pen.moveTo(left, start); pen.lineTo(right, height); pen.stroke();
  pen.setLineDash([]);
  if (!isMany || isNear) arrowHead(left, start, right, height, isLost);
  const name = word(run.raw.columns.message[from]);
  if (name && !isDim && (isNear || (isNamed && Math.hypot(right - left, height - start) > 60))) nameArrow(name, left, start, right, height);
}

function arrowHead(left, top, right, bottom, isLost) {
  if (isLost) {
    pen.beginPath();
    pen.moveTo(right - 4, bottom - 4); pen.lineTo(right + 4, bottom + 4);
    pen.moveTo(right - 4, bottom + 4); pen.lineTo(right + 4, bottom - 4);
    pen.stroke();
    return;
  }
  const angle = Math.atan2(bottom - top, right - left), size = 6;
  pen.fillStyle = pen.strokeStyle;
  pen.beginPath();
  pen.moveTo(right, bottom);
  pen.lineTo(right - size * Math.cos(angle - 0.4), bottom - size * Math.sin(angle - 0.4));
  pen.lineTo(right - size * Math.cos(angle + 0.4), bottom - size * Math.sin(angle + 0.4));
  pen.fill();
}

// Where names were drawn, so that none is drawn on another.
let named = [];

function nameArrow(name, left, top, right, bottom) {
  const px = left + (right - left) * 0.38, y = top + (bottom - top) * 0.38, width = pen.measureText(name).width;
  if (named.some(([x, height, size]) => Math.abs(height - y) < 12 && x < px + width + 6 && px < x + size + 6)) return;
  named.push([px, y, width]);
  pen.fillStyle = "rgba(255, 255, 255, 0.85)";
  pen.fillRect(px + 2, y - 6, width + 4, 12);
  pen.fillStyle = ink;
  pen.fillText(name, px + 4, y);
}

// Messages that never arrived within what is shown: a short line toward their addressee.
function drawStubs(group) {
  const { run, lane } = group;
  for (let i = placeFrom(run); i < run.count && run.time[i] <= moment.to; i++) {
    if (run.kind[i] !== SEND || effectsOf(run, i).length || !isShown(run, i)) continue;
    const start = lane[run.node[i]], end = lane[run.peer[i] >= 0 ? run.peer[i] : run.clients];
    if (start === undefined || start < 0 || end === undefined || end < 0) continue;
    const px = x(run.time[i]), tip = start + Math.sign(end - start) * 9;
    pen.globalAlpha = dimmed(run, i) ? 0.15 : 0.8;
    pen.strokeStyle = "#2c5c92"; pen.lineWidth = 1;
    pen.setLineDash([2, 2]);
    pen.beginPath(); pen.moveTo(px, start); pen.lineTo(px + 5, tip); pen.stroke();
    pen.setLineDash([]);
    pen.beginPath(); pen.moveTo(px + 2, tip); pen.lineTo(px + 8, tip); pen.stroke();
  }
  pen.globalAlpha = 1;
}

const placeFrom = (run) => countUpTo(run.time, moment.from - 1);

// The sign of an event: where it is drawn beside its lane, and how. No two are told apart by color alone.
const SIGNS = {
  [BOOT]: [0, (px, y) => polygon([[px - 6, y + 6], [px + 6, y + 6], [px, y - 7]])],
  [CRASH]: [0, (px, y) => { pen.lineWidth = 3; cross(px, y, 7); }],
  [TIMER]: [-7, (px, y) => pen.fillRect(px - 0.75, y - 3, 1.5, 6)],
  [SEND]: [0, (px, y) => { disc(px, y, 3.2); pen.fillStyle = "#fff"; disc(px, y, 1.8); }],
  [RECEIVE]: [0, (px, y) => disc(px, y, 3.2)],
  [DROP]: [0, (px, y) => { pen.lineWidth = 1.5; cross(px, y, 4); }],
  [SESSION]: [-7, (px, y) => { pen.lineWidth = 1; pen.strokeRect(px - 2.5, y - 2.5, 5, 5); }],
  [WRITE]: [7, (px, y) => { pen.lineWidth = 1; pen.strokeRect(px - 3, y - 2, 6, 4); }],
  [DURABLE]: [7, (px, y) => pen.fillRect(px - 3.5, y - 2.5, 7, 5)],
  [DELIVER]: [7, (px, y) => polygon([[px - 4, y - 3], [px + 4, y - 3], [px, y + 4]])],
  [NOTE]: [-7, (px, y) => polygon([[px - 4, y], [px, y - 4], [px + 4, y], [px, y + 4]])],
  [CLIENT]: [0, (px, y) => pen.fillRect(px - 2.5, y - 5, 5, 10)],
  [VIOLATION]: [-2, (px, y) => violation(px, y)],
};

function disc(px, y, size) { pen.beginPath(); pen.arc(px, y, size, 0, 7); pen.fill(); }
function polygon(corners) { pen.beginPath(); corners.forEach(([a, b]) => pen.lineTo(a, b)); pen.closePath(); pen.fill(); }
function cross(px, y, size) {
  pen.beginPath();
  pen.moveTo(px - size, y - size); pen.lineTo(px + size, y + size);
  pen.moveTo(px - size, y + size); pen.lineTo(px + size, y - size);
  pen.stroke();
}
function violation(px, y) {
  pen.fillStyle = "#a3211b"; disc(px, y, 9);
  pen.strokeStyle = "#fff"; pen.lineWidth = 2.5; cross(px, y, 4);
  pen.strokeStyle = "#a3211b"; pen.lineWidth = 1; pen.beginPath(); pen.arc(px, y, 11.5, 0, 7); pen.stroke();
}

function drawSigns(group) {
  const { run, lane } = group, last = new Map();
  let shown = 0;
  for (let i = placeFrom(run); i < run.count && run.time[i] <= moment.to; i++) {
    const y = lane[laneOf(run, i)], sign = SIGNS[run.kind[i]];
    if (moment.isCollapsed && run.isBeat[i]) beatsOf++;
    if (y === undefined || y < 0 || !sign || !isShown(run, i)) continue;
    shown++;
    const px = x(run.time[i]), key = y + sign[0], isWorth = run.interest.has(i);
    if (!isWorth && last.has(key) && px - last.get(key) < 1.2) continue;
    last.set(key, px);
    pen.globalAlpha = dimmed(run, i) ? 0.15 : 1;
    pen.fillStyle = pen.strokeStyle = run.kind[i] === NOTE ? "#7a4a00" : ink;
    sign[1](px, y + sign[0]);
    if (run.changes.has(i)) { pen.fillStyle = "#7a4a00"; pen.fillRect(px - 4, y - 12.5, 8, 2); }
  }
  pen.globalAlpha = 1;
  for (const [i, code] of run.interest) {
    const y = lane[laneOf(run, i)];
    if (code !== 0 || run.kind[i] === VIOLATION || y === undefined || y < 0) continue;
    if (moment.from <= run.time[i] && run.time[i] <= moment.to) violation(x(run.time[i]), y);
  }
  return shown;
}

function drawCursor(pen, height) {
  const px = x(here().time[moment.event]);
  if (px < LEFT || px > layout.width) return;
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  pen.setLineDash([6, 3]);
  pen.beginPath(); pen.moveTo(px, TOP - 8); pen.lineTo(px, height); pen.stroke();
  pen.setLineDash([]);
}

let backdropOf = "", shownOf = 0, beatsOf = 0;

function drawSpacetime() {
  layout = place();
  const hidden = [...moment.hidden, "without", ...moment.without].join();
  const what = [moment.from, moment.to, layout.width, layout.height, window.devicePixelRatio, moment.run, moment.isCollapsed,
    moment.version, hidden].join(" ");
  if (what !== backdropOf) drawBackdrop();
  backdropOf = what;
  pen = above;
  prepare(glass, pen, layout.width, layout.height);
  pen.clearRect(0, 0, layout.width, layout.height);
  drawHere();
  pen = ground;
  at("shown").textContent = tellShown(shownOf);
}

function drawBackdrop() {
  prepare(canvas, pen, layout.width, layout.height);
  axis(pen, layout.width, layout.height);
  shownOf = beatsOf = 0;
  named = [];
  for (const group of layout.groups) {
    const { run } = group;
    drawBands(pen, run.bands, group.top, group.bottom, layout.width, true);
    pen.save();
    pen.beginPath(); pen.rect(LEFT - 8, group.top, layout.width - LEFT + 8, group.bottom - group.top + 4); pen.clip();
    group.lane.forEach((y, node) => { if (y >= 0) drawLane(group, node); });
    pen.font = SMALL;
    drawEnds(group);
    drawArrows(group);
    shownOf += drawSigns(group);
    pen.restore();
    const isHere = run.index === moment.run;
    pen.fillStyle = isHere ? ink : "#e4e4e4";
    pen.fillRect(0, group.top + 2, LEFT - 6, HEAD - 5);
    pen.font = "bold " + FONT;
    pen.fillStyle = isHere ? "#fff" : ink;
    pen.fillText(run.name.slice(0, 8), 5, group.top + HEAD / 2);
    pen.font = FONT;
    pen.fillStyle = ink;
    group.lane.forEach((y, node) => { if (y >= 0) pen.fillText(node === run.clients ? "clients" : "n" + node, 12, y); });
  }
}

// Where what is shown of a run begins and ends, and whether the run goes on there.
function drawEnds(group) {
  const { run } = group, isWhole = run.raw.first + run.count > run.raw.total;
  const ends = [[run.time[run.count - 1], isWhole ? "the run ends" : "cut here", 1]];
  if (run.raw.first > 1) ends.push([run.time[0], "cut here", -1]);
  for (const [time, text, side] of ends) {
    const px = x(time);
    if (px < LEFT || px > layout.width) continue;
    pen.fillStyle = "#8a8a8a";
    pen.fillRect(px - 1, group.top, 2, group.bottom - group.top);
    const size = pen.measureText(text).width;
    pen.fillText(text, side > 0 ? Math.min(px + 6, layout.width - size - 2) : px - size - 6, group.bottom - 8);
  }
}

// The event at the cursor, and the messages that came to it or left from it.
function drawHere() {
  const group = layout.groups[moment.run], { run, lane } = group, i = moment.event, y = lane[laneOf(run, i)];
  drawCursor(pen, layout.height);
  pen.save();
  pen.beginPath(); pen.rect(LEFT - 8, group.top, layout.width, group.bottom - group.top + 4); pen.clip();
  pen.font = SMALL;
  const near = { isMany: false, isNamed: true, isNear: true };
  named = [];
  if (run.arrowTo.has(i)) drawArrow(group, run.cause[i], i, near);
  for (const effect of effectsOf(run, i)) if (run.arrowTo.has(effect)) drawArrow(group, i, effect, near);
  pen.globalAlpha = 1;
  if (y >= 0) {
    pen.strokeStyle = ink; pen.lineWidth = 2.5;
    pen.beginPath(); pen.arc(x(run.time[i]), y, 12, 0, 7); pen.stroke();
  }
  pen.restore();
}

function tellShown(shown) {
  const span = shownTime(moment.from) + " to " + shownTime(moment.to);
  const what = moment.cone === "past" ? " Dark is what led to #" + seqOf(here(), moment.origin) + "." :
    moment.cone === "future" ? " Dark is what followed from #" + seqOf(here(), moment.origin) + "." :
    moment.operation >= 0 ? " Dark is what operation " + moment.operation + " led to." : "";
  return shown + " events from " + span + (moment.isCollapsed && beatsOf ? "; " + beatsOf + " more are heartbeats, collapsed." : ".") + what;
}

// The event nearest to a point: its run and place.
function eventNear(px, y) {
  let best = null, distance = 14;
  for (const group of layout.groups) {
    const { run, lane } = group;
    if (y < group.top || y > group.bottom) continue;
    for (let i = countUpTo(run.time, timeAtX(px - 14) - 1); i < run.count && run.time[i] <= timeAtX(px + 14); i++) {
      const row = lane[laneOf(run, i)], sign = SIGNS[run.kind[i]];
      if (row === undefined || row < 0 || !sign || !isShown(run, i)) continue;
      const away = Math.hypot(x(run.time[i]) - px, (row + sign[0] - y) * 1.5);
      if (away < distance) { distance = away; best = [run.index, i]; }
    }
  }
  return best;
}
