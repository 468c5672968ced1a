// Messages as arrows.

// The arrows of a group; those of the event at the cursor are drawn later, on top.
function drawArrows(group) {
  const { run } = group,
    seen = new Set(),
    shown = [];
  for (const arrow of run.arrows) {
    const [from, to] = arrow;
    if (run.time[from] > moment.to) break;
    if (run.time[to] >= moment.from && isShown(run, from) && isShown(run, to)) shown.push(arrow);
  }
  const isMany = shown.length > ARROWS_MANY,
    isNamed = shown.length < 60;
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
  const start = lane[laneOf(run, from)],
    end = lane[laneOf(run, to)];
  if (start === undefined || end === undefined || start < 0 || end < 0) return;
  const left = x(run.time[from]),
    right = x(run.time[to]),
    isLost = run.kind[to] === DROP;
  const isDim = dimmed(run, from) || dimmed(run, to),
    isClient = run.client[from] >= 0 || run.client[to] >= 0;
  const height = start === end ? start + 9 : end; // Lost where it was sent.
  pen.globalAlpha = isDim ? 0.12 : isNear ? 1 : isMany ? 0.3 : isClient ? 0.5 : 0.85;
  pen.strokeStyle = isNear ? ink : isClient ? "#767676" : "#2c5c92";
  pen.lineWidth = isNear ? 2.5 : 1;
  pen.setLineDash(isLost ? [5, 4] : isClient && !isMany ? [1, 3] : []);
  pen.beginPath();
  pen.moveTo(left, start);
  pen.lineTo(right, height);
  pen.stroke();
  pen.setLineDash([]);
  if (!isMany || isNear) arrowHead(left, start, right, height, isLost);
  const name = word(run.raw.columns.message[from]);
  if (name && !isDim && (isNear || (isNamed && Math.hypot(right - left, height - start) > 60)))
    nameArrow(name, left, start, right, height);
}

function arrowHead(left, top, right, bottom, isLost) {
  if (isLost) {
    pen.beginPath();
    pen.moveTo(right - 4, bottom - 4);
    pen.lineTo(right + 4, bottom + 4);
    pen.moveTo(right - 4, bottom + 4);
    pen.lineTo(right + 4, bottom - 4);
    pen.stroke();
    return;
  }
  const angle = Math.atan2(bottom - top, right - left),
    size = 6;
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
  const px = left + (right - left) * 0.38,
    y = top + (bottom - top) * 0.38,
    width = pen.measureText(name).width;
  if (named.some(([x, height, size]) => Math.abs(height - y) < 12 && x < px + width + 6 && px < x + size + 6))
    return;
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
    const start = lane[run.node[i]],
      end = lane[run.peer[i] >= 0 ? run.peer[i] : run.clients];
    if (start === undefined || start < 0 || end === undefined || end < 0) continue;
    const px = x(run.time[i]),
      tip = start + Math.sign(end - start) * 9;
    pen.globalAlpha = dimmed(run, i) ? 0.15 : 0.8;
    pen.strokeStyle = "#2c5c92";
    pen.lineWidth = 1;
    pen.setLineDash([2, 2]);
    pen.beginPath();
    pen.moveTo(px, start);
    pen.lineTo(px + 5, tip);
    pen.stroke();
    pen.setLineDash([]);
    pen.beginPath();
    pen.moveTo(px + 2, tip);
    pen.lineTo(px + 8, tip);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}
