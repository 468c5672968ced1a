// The scene that is drawn on: how wide it is, where its lanes are, the axis, the spans of faults and of reigns.

const canvas = at("spacetime"),
  ground = canvas.getContext("2d");
// What changes with every step lies on a canvas above, so that the rest is drawn once for a stretch of time.
const glass = at("glass"),
  above = glass.getContext("2d");
let pen = ground;
const LEFT = 64,
  TOP = 22,
  HEAD = 20,
  RIGHT = 10;
const ink = "#1a1a1a",
  soft = "#6b6b6b",
  pale = "#d5d5d5";
const FONT = "12px system-ui, sans-serif",
  SMALL = "11px system-ui, sans-serif";
// Above this many arrows they are thinned, and get no names.
const ARROWS_MANY = 400;
let layout = { groups: [], height: 0, width: 0 };

const x = (time) => LEFT + ((time - moment.from) / (moment.to - moment.from)) * (layout.width - LEFT - RIGHT);
const timeAtX = (px) =>
  moment.from + ((px - LEFT) / (layout.width - LEFT - RIGHT)) * (moment.to - moment.from);

// How wide the diagram is. Asked for only when it may have changed: the question makes the browser lay out the page.
let wide = canvas.clientWidth;
function measure() {
  wide = canvas.clientWidth;
  changed();
}

// Where each lane is; hidden nodes have none.
function place() {
  const lanes = runs.reduce((sum, run) => sum + run.nodes + 1, 0),
    row = lanes > 30 ? 20 : 26;
  let y = TOP;
  const groups = runs.map((run) => {
    const top = y,
      lane = [];
    y += HEAD;
    for (let node = 0; node <= run.nodes; node++) {
      if (node < run.nodes && moment.hidden.has(node)) {
        lane.push(-1);
        continue;
      }
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
  const span = moment.to - moment.from,
    rough = span / Math.max(2, (width - LEFT) / 110);
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const size = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const digits = Math.max(0, 6 - Math.floor(Math.log10(size)));
  pen.font = SMALL;
  for (let time = Math.ceil(moment.from / size) * size; time <= moment.to; time += size) {
    const px = x(time);
    pen.fillStyle = "#ebebeb";
    pen.fillRect(px, TOP - 6, 1, height);
    pen.fillStyle = soft;
    if (px >= LEFT - 1 && px < width - 54)
      pen.fillText((time / 1e6).toFixed(Math.min(digits, 6)) + " ms", px + 3, 10);
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
    const from = Math.max(x(band.from), LEFT - 2),
      to = band.until === null ? x(band.from) + 3 : Math.min(x(band.until), width + 2);
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
    const text = "\u26a1\ufe0e " + band.text,
      px = Math.max(from + 4, free),
      y = top + HEAD / 2;
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
  const { run } = group,
    y = group.lane[node];
  pen.strokeStyle = pale;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(LEFT, y);
  pen.lineTo(layout.width, y);
  pen.stroke();
  for (const [whose, what, from, until] of run.raw.spans) {
    if (whose !== node) continue;
    const left = Math.max(LEFT, x(from)),
      right = Math.min(layout.width, x(until === null ? run.time[run.count - 1] : until));
    if (right < LEFT || left > layout.width) continue;
    if (what === "leads") {
      pen.fillStyle = "#b9c8da";
      pen.fillRect(left, y - 3.5, right - left, 7);
    } else {
      pen.fillStyle = "#fff";
      pen.fillRect(left, y - 2, right - left, 4);
      pen.setLineDash([2, 5]);
      pen.strokeStyle = ink;
      pen.lineWidth = 1.5;
      pen.beginPath();
      pen.moveTo(left, y);
      pen.lineTo(right, y);
      pen.stroke();
      pen.setLineDash([]);
    }
  }
}

const laneOf = (run, place) =>
  run.node[place] >= 0 ? run.node[place] : run.client[place] >= 0 ? run.clients : -1;

function dimmed(run, place) {
  return moment.marks !== null && run.index === moment.run && !moment.marks[place];
}

const placeFrom = (run) => countUpTo(run.time, moment.from - 1);
