// What is looked at: a run, an event, a stretch of time, and what is hidden. Everything else draws it.

const runs = data.runs.map(open);
const moment = {
  run: 0,
  event: 0,
  from: 0,
  to: 1,
  hidden: new Set(), // nodes
  without: new Set(), // kinds of event
  isCollapsed: true, // heartbeats
  cone: "",
  origin: 0, // "past" or "future" of the event `origin`
  operation: -1,
  key: 0, // by place in the plan; by place in the list of keys
  marks: null,
  version: 0, // which events are marked, and how often that changed
};
const parts = [];
let isWaiting = false;
const here = () => runs[moment.run];
const least = Math.min(...runs.map((run) => run.time[0] || 0));
const most = Math.max(...runs.map((run) => run.time[run.count - 1] || 0), least + 1);

// Everything is drawn anew in the next frame, once.
function changed() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(drawAll);
}

function drawAll() {
  isWaiting = false;
  for (const part of parts) part();
}

function isShown(run, place) {
  if (moment.isCollapsed && run.isBeat[place]) return false;
  return (
    !moment.without.has(run.kind[place]) && !(run.node[place] >= 0 && moment.hidden.has(run.node[place]))
  );
}

function remark() {
  moment.marks = marksOf(here());
  moment.version++;
}

// To an event of the run at hand. `isJump`: it gets an entry of its own in the browser's history.
function go(place, isJump) {
  const run = here();
  moment.event = Math.max(0, Math.min(run.count - 1, place));
  follow(run.time[moment.event]);
  note(isJump);
  changed();
}

// Moves the stretch of time so that this time is well within it.
function follow(time) {
  if (moment.from <= least && most <= moment.to) return;
  const size = moment.to - moment.from,
    edge = size / 8;
  if (moment.from + edge <= time && time <= moment.to - edge) return;
  look(time - size / 2, time + size / 2);
}

// Looks at a stretch of time.
function look(from, to) {
  const size = Math.min(Math.max(to - from, 20e3), (most - least) * 1.1 + 20e3),
    middle = (from + to) / 2;
  moment.from = middle - size / 2;
  moment.to = middle + size / 2;
  changed();
}

function zoom(factor, around) {
  const pivot = around === undefined ? here().time[moment.event] : around;
  look(pivot - (pivot - moment.from) * factor, pivot + (moment.to - pivot) * factor);
}

// A stretch with a few dozen events around one.
function lookAround(place) {
  const run = here(),
    near = Math.max(8, Math.round(wide / 80)),
    shown = [];
  for (let i = place; i >= 0 && shown.length < near; i--) if (isShown(run, i)) shown.push(i);
  const first = shown.length ? shown[shown.length - 1] : place,
    time = run.time[place];
  const half = Math.max((time - run.time[first]) * 1.1, 200e3);
  look(time - half, time + half);
}

// To the next event that is shown, within what is marked if something is.
function step(by) {
  const run = here();
  for (let i = moment.event + by; i >= 0 && i < run.count; i += by) {
    if (isShown(run, i) && (!moment.marks || moment.marks[i])) return go(i, false);
  }
}

// To the next interesting event; `kind` is a place in INTERESTS, or negative for any.
function jump(by, kind) {
  const run = here(),
    places = [...run.interest.keys()];
  const wanted = places.filter((place) => kind < 0 || run.interest.get(place) === kind);
  const next =
    by > 0
      ? wanted.find((place) => place > moment.event)
      : wanted.reverse().find((place) => place < moment.event);
  if (next === undefined) {
    const what = kind < 0 ? "interesting event" : INTERESTS[kind];
    at("shown").textContent = "No " + (by > 0 ? "later " : "earlier ") + what + " of " + run.name + " is shown.";
    return false;
  }
  go(next, true);
  lookAround(next);
  return true;
}

// To another run, at the same time.
function changeRun(index) {
  if (index < 0 || index >= runs.length || index === moment.run) return;
  const time = here().time[moment.event];
  moment.run = index;
  moment.cone = "";
  moment.operation = -1;
  moment.key = worstKey(here());
  remark();
  go(placeAt(here(), time), true);
}

function worstKey(run) {
  return Math.max(
    0,
    run.operations.keys.findIndex((key) => key.state === "violated"),
  );
}

function showCone(which) {
  moment.cone = moment.cone === which && moment.origin === moment.event ? "" : which;
  moment.origin = moment.event;
  moment.operation = -1;
  remark();
  note(true);
  changed();
}

function showOperation(place) {
  const run = here(),
    index = run.operations.byPlace.get(place);
  if (index === undefined) return;
  moment.cone = "";
  moment.operation = place;
  const key = run.operations.keys.findIndex((key) => key.key === run.operations.key[index]);
  if (key >= 0) moment.key = key;
  remark();
  const first = moment.marks.indexOf(1),
    call = run.operations.call[index];
  const end =
    run.operations.ret[index] === Infinity ? call + (moment.to - moment.from) : run.operations.ret[index];
  const pad = Math.max((end - call) * 0.3, 100e3);
  look(call - pad, end + pad);
  if (first >= 0) go(first, true);
  else {
    note(true);
    changed();
  }
}

function clear() {
  moment.cone = "";
  moment.operation = -1;
  remark();
  note(true);
  changed();
}
