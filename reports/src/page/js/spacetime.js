// The space-time diagram: a group a protocol, in it a lane a node and one for the clients; time runs to the right. Only
// what is within the stretch of time looked at is drawn, and only what a step changes is drawn anew.

function drawCursor(pen, height) {
  const px = x(here().time[moment.event]);
  if (px < LEFT || px > layout.width) return;
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  pen.setLineDash([6, 3]);
  pen.beginPath();
  pen.moveTo(px, TOP - 8);
  pen.lineTo(px, height);
  pen.stroke();
  pen.setLineDash([]);
}

let backdropOf = "",
  shownOf = 0,
  beatsOf = 0;

function drawSpacetime() {
  layout = place();
  const hidden = [...moment.hidden, "without", ...moment.without].join();
  const what = [
    moment.from,
    moment.to,
    layout.width,
    layout.height,
    window.devicePixelRatio,
    moment.run,
    moment.isCollapsed,
    moment.version,
    hidden,
  ].join(" ");
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
    pen.beginPath();
    pen.rect(LEFT - 8, group.top, layout.width - LEFT + 8, group.bottom - group.top + 4);
    pen.clip();
    group.lane.forEach((y, node) => {
      if (y >= 0) drawLane(group, node);
    });
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
    group.lane.forEach((y, node) => {
      if (y >= 0) pen.fillText(node === run.clients ? "clients" : "n" + node, 12, y);
    });
  }
}

// Where what is shown of a run begins and ends, and whether the run goes on there.
function drawEnds(group) {
  const { run } = group,
    isWhole = run.raw.first + run.count > run.raw.total;
  const ends = [[run.time[run.count - 1], isWhole ? "the run ends" : "cut here", 1]];
  if (run.raw.first > 1) ends.push([run.time[0], "cut here", -1]);
  for (const [time, text, side] of ends) {
    const px = x(time);
    if (px < LEFT || px > layout.width) continue;
    pen.fillStyle = "#8a8a8a";
    pen.fillRect(px - 1, group.top, 2, group.bottom - group.top);
    const size = pen.measureText(text).width;
    pen.fillText(
      text,
      side > 0 ? Math.min(px + 6, layout.width - size - 2) : px - size - 6,
      group.bottom - 8,
    );
  }
}

// The event at the cursor, and the messages that came to it or left from it.
function drawHere() {
  const group = layout.groups[moment.run],
    { run, lane } = group,
    i = moment.event,
    y = lane[laneOf(run, i)];
  drawCursor(pen, layout.height);
  pen.save();
  pen.beginPath();
  pen.rect(LEFT - 8, group.top, layout.width, group.bottom - group.top + 4);
  pen.clip();
  pen.font = SMALL;
  const near = { isMany: false, isNamed: true, isNear: true };
  named = [];
  if (run.arrowTo.has(i)) drawArrow(group, run.cause[i], i, near);
  for (const effect of effectsOf(run, i)) if (run.arrowTo.has(effect)) drawArrow(group, i, effect, near);
  pen.globalAlpha = 1;
  if (y >= 0) {
    pen.strokeStyle = ink;
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(x(run.time[i]), y, 12, 0, 7);
    pen.stroke();
  }
  pen.restore();
}

function tellShown(shown) {
  const span = shownTime(moment.from) + " to " + shownTime(moment.to);
  const what =
    moment.cone === "past"
      ? " Dark is what led to #" + seqOf(here(), moment.origin) + "."
      : moment.cone === "future"
        ? " Dark is what followed from #" + seqOf(here(), moment.origin) + "."
        : moment.operation >= 0
          ? " Dark is what operation " + moment.operation + " led to."
          : "";
  return (
    shown +
    " events from " +
    span +
    (moment.isCollapsed && beatsOf ? "; " + beatsOf + " more are heartbeats, collapsed." : ".") +
    what
  );
}
