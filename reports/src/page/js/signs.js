// Events as signs, and the event that a point means.

// The sign of an event: where it is drawn beside its lane, and how. No two are told apart by color alone.
const SIGNS = {
  [BOOT]: [
    0,
    (px, y) =>
      polygon([
        [px - 6, y + 6],
        [px + 6, y + 6],
        [px, y - 7],
      ]),
  ],
  [CRASH]: [
    0,
    (px, y) => {
      pen.lineWidth = 3;
      cross(px, y, 7);
    },
  ],
  [TIMER]: [-7, (px, y) => pen.fillRect(px - 0.75, y - 3, 1.5, 6)],
  [SEND]: [
    0,
    (px, y) => {
      disc(px, y, 3.2);
      pen.fillStyle = "#fff";
      disc(px, y, 1.8);
    },
  ],
  [RECEIVE]: [0, (px, y) => disc(px, y, 3.2)],
  [DROP]: [
    0,
    (px, y) => {
      pen.lineWidth = 1.5;
      cross(px, y, 4);
    },
  ],
  [SESSION]: [
    -7,
    (px, y) => {
      pen.lineWidth = 1;
      pen.strokeRect(px - 2.5, y - 2.5, 5, 5);
    },
  ],
  [WRITE]: [
    7,
    (px, y) => {
      pen.lineWidth = 1;
      pen.strokeRect(px - 3, y - 2, 6, 4);
    },
  ],
  [DURABLE]: [7, (px, y) => pen.fillRect(px - 3.5, y - 2.5, 7, 5)],
  [DELIVER]: [
    7,
    (px, y) =>
      polygon([
        [px - 4, y - 3],
        [px + 4, y - 3],
        [px, y + 4],
      ]),
  ],
  [NOTE]: [
    -7,
    (px, y) =>
      polygon([
        [px - 4, y],
        [px, y - 4],
        [px + 4, y],
        [px, y + 4],
      ]),
  ],
  [CLIENT]: [0, (px, y) => pen.fillRect(px - 2.5, y - 5, 5, 10)],
  [VIOLATION]: [-2, (px, y) => violation(px, y)],
};

function disc(px, y, size) {
  pen.beginPath();
  pen.arc(px, y, size, 0, 7);
  pen.fill();
}
function polygon(corners) {
  pen.beginPath();
  corners.forEach(([a, b]) => pen.lineTo(a, b));
  pen.closePath();
  pen.fill();
}
function cross(px, y, size) {
  pen.beginPath();
  pen.moveTo(px - size, y - size);
  pen.lineTo(px + size, y + size);
  pen.moveTo(px - size, y + size);
  pen.lineTo(px + size, y - size);
  pen.stroke();
}
function violation(px, y) {
  pen.fillStyle = "#a3211b";
  disc(px, y, 9);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 2.5;
  cross(px, y, 4);
  pen.strokeStyle = "#a3211b";
  pen.lineWidth = 1;
  pen.beginPath();
  pen.arc(px, y, 11.5, 0, 7);
  pen.stroke();
}

function drawSigns(group) {
  const { run, lane } = group,
    last = new Map();
  let shown = 0;
  for (let i = placeFrom(run); i < run.count && run.time[i] <= moment.to; i++) {
    const y = lane[laneOf(run, i)],
      sign = SIGNS[run.kind[i]];
    if (moment.isCollapsed && run.isBeat[i]) beatsOf++;
    if (y === undefined || y < 0 || !sign || !isShown(run, i)) continue;
    shown++;
    const px = x(run.time[i]),
      key = y + sign[0],
      isWorth = run.interest.has(i);
    if (!isWorth && last.has(key) && px - last.get(key) < 1.2) continue;
    last.set(key, px);
    pen.globalAlpha = dimmed(run, i) ? 0.15 : 1;
    pen.fillStyle = pen.strokeStyle = run.kind[i] === NOTE ? "#7a4a00" : ink;
    sign[1](px, y + sign[0]);
    if (run.changes.has(i)) {
      pen.fillStyle = "#7a4a00";
      pen.fillRect(px - 4, y - 12.5, 8, 2);
    }
  }
  pen.globalAlpha = 1;
  for (const [i, code] of run.interest) {
    const y = lane[laneOf(run, i)];
    if (code !== 0 || run.kind[i] === VIOLATION || y === undefined || y < 0) continue;
    if (moment.from <= run.time[i] && run.time[i] <= moment.to) violation(x(run.time[i]), y);
  }
  return shown;
}

// The event nearest to a point: its run and place.
function eventNear(px, y) {
  let best = null,
    distance = 14;
  for (const group of layout.groups) {
    const { run, lane } = group;
    if (y < group.top || y > group.bottom) continue;
    for (
      let i = countUpTo(run.time, timeAtX(px - 14) - 1);
      i < run.count && run.time[i] <= timeAtX(px + 14);
      i++
    ) {
      const row = lane[laneOf(run, i)],
        sign = SIGNS[run.kind[i]];
      if (row === undefined || row < 0 || !sign || !isShown(run, i)) continue;
      // Of events at one place the interesting one is meant.
      const head = run.interest.has(i) ? 4 : 0;
      const away = Math.hypot(x(run.time[i]) - px, (row + sign[0] - y) * 1.5) - head;
      if (away < distance) {
        distance = away;
        best = [run.index, i];
      }
    }
  }
  return best;
}
