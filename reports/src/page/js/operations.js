// The clients' operations on the same time axis, and what the checker says of them, key by key.

const table = at("operations"),
  brush = table.getContext("2d");
const ROW = 24;
let rowsOfClients = [];
// The diagram does not shrink while one moves in time, so that the page does not jump.
let tallest = 0,
  sizeOfTallest = 0;

const keyNow = () => here().operations.keys[moment.key];

// Rows of the operations within the stretch of time looked at: one a client, more where a client has several open.
function arrange(run) {
  const key = keyNow(),
    operations = run.operations,
    rows = [];
  for (let i = 0; i < operations.count; i++) {
    if (
      (key && operations.key[i] !== key.key) ||
      operations.ret[i] < moment.from ||
      operations.call[i] > moment.to
    )
      continue;
    let row = rows.find((row) => row.client === operations.client[i] && row.until <= operations.call[i]);
    if (!row) rows.push((row = { client: operations.client[i], until: 0, list: [] }));
    row.list.push(i);
    row.until = operations.ret[i];
  }
  return rows.sort((a, b) => a.client - b.client);
}

// Where in time each operation takes effect in the order that was found: as early as those before it allow.
function effectTimes(run, key) {
  if (key.times) return key.times;
  const times = (key.times = new Map());
  let last = 0;
  for (const [rank, place] of key.order.entries()) {
    const index = run.operations.byPlace.get(place);
    if (index === undefined) continue;
    last = Math.max(last, run.operations.call[index]);
    times.set(index, { time: last, rank: rank + 1 });
  }
  return times;
}

function drawOperations() {
  const run = here(),
    key = keyNow();
  rowsOfClients = arrange(run);
  // As wide as the diagram above: to ask for the width again would lay out the page again.
  const size = moment.to - moment.from,
    width = layout.width;
  tallest = sizeOfTallest === size ? Math.max(tallest, rowsOfClients.length) : rowsOfClients.length;
  sizeOfTallest = size;
  const height = TOP + Math.max(tallest, 2) * ROW + 8;
  prepare(table, brush, width, height);
  axis(brush, width, height);
  drawBands(brush, run.bands, TOP - 4, height, width, false);
  const effects = key ? effectTimes(run, key) : new Map();
  brush.font = FONT;
  rowsOfClients.forEach((row, number) => {
    const y = TOP + number * ROW;
    brush.fillStyle = ink;
    brush.font = FONT;
    if (number === 0 || rowsOfClients[number - 1].client !== row.client)
      brush.fillText("client " + row.client, 4, y + ROW / 2);
    brush.fillStyle = "#e8e8e8";
    brush.fillRect(LEFT, y + ROW / 2, width, 1);
    brush.save();
    brush.beginPath();
    brush.rect(LEFT, y, width - LEFT, ROW);
    brush.clip();
    for (const index of row.list) drawBar(run, key, index, y, effects.get(index));
    brush.restore();
  });
  drawCursor(brush, height);
}

function drawBar(run, key, index, y, effect) {
  const operations = run.operations,
    isOpen = operations.ret[index] === Infinity;
  const left = x(operations.call[index]),
    right = isOpen ? layout.width + 4 : Math.max(left + 3, x(operations.ret[index]));
  if (right < LEFT || left > layout.width) return;
  const place = operations.place[index],
    end = operations.end[index];
  const isCore = key && key.core.has(place),
    isBeside = key && key.beside.has(place),
    isBad = key && key.bad === place;
  const top = y + 4,
    height = ROW - 8;
  brush.fillStyle = end !== 0 ? "#fff" : isCore ? "#f0c27a" : isBeside ? "#f7e6c8" : "#dfe6ee";
  brush.fillRect(left, top, right - left, height);
  brush.strokeStyle = isCore ? ink : "#7b7b7b";
  brush.lineWidth = isCore ? 2 : 1;
  brush.setLineDash(end === 2 ? [4, 3] : []);
  if (isOpen) {
    brush.beginPath();
    brush.moveTo(right, top);
    brush.lineTo(left, top);
    brush.lineTo(left, top + height);
    brush.lineTo(right, top + height);
    brush.stroke();
  } else brush.strokeRect(left, top, right - left, height);
  brush.setLineDash([]);
  if (end === 1) {
    brush.beginPath();
    brush.moveTo(left, top + height);
    brush.lineTo(right, top);
    brush.stroke();
  }
  if (isBad) {
    brush.lineWidth = 3;
    brush.strokeRect(left - 1, top - 2, right - left + 2, height + 4);
  }
  if (place === moment.operation) {
    brush.lineWidth = 2;
    brush.strokeStyle = "#0b4f8a";
    brush.strokeRect(left - 3, top - 3, right - left + 6, height + 6);
  }
  if (right - left > 24) {
    brush.save();
    brush.beginPath();
    brush.rect(left, y, right - left, ROW);
    brush.clip();
    brush.font = SMALL;
    brush.fillStyle = ink;
    brush.fillText(
      (isBad ? "\u2717 " : "") + word(operations.label[index]),
      Math.max(left, LEFT) + 4,
      y + ROW / 2,
    );
    brush.restore();
  }
  if (effect) {
    brush.fillStyle = ink;
    brush.beginPath();
    brush.arc(Math.min(Math.max(x(effect.time), left + 2), right - 2), top + height, 2.5, 0, 7);
    brush.fill();
  }
}

// An operation in words.
function tellOperation(run, index) {
  const operations = run.operations,
    end = operations.ret[index];
  const until = end === Infinity ? "never ended" : "ended at " + shownTime(end);
  const answer = word(operations.answer[index]);
  return (
    "client " +
    operations.client[index] +
    "\u2019s " +
    word(operations.ask[index]) +
    " (called at " +
    shownTime(operations.call[index]) +
    ", " +
    until +
    ")" +
    (answer ? ", which " + answer : "") +
    "."
  );
}

function drawOperationWords() {
  const run = here(),
    index = run.operations.byPlace.get(moment.operation),
    key = keyNow();
  if (index === undefined) {
    at("operation").textContent = "No operation is chosen.";
    return;
  }
  const rank = key ? key.order.indexOf(moment.operation) : -1;
  const place =
    rank >= 0
      ? " Number " + (rank + 1) + " in the order that was found."
      : key && key.order.length
        ? " Not in the order that was found."
        : "";
  const role =
    key && key.bad === moment.operation
      ? " This answer cannot be placed."
      : key && key.core.has(moment.operation)
        ? " It is part of the contradiction."
        : "";
  at("operation").textContent =
    "Operation " + moment.operation + ": " + tellOperation(run, index) + role + place;
}

// The contradiction of the key, or that there is none. It is written anew only when the key is another.
let writtenKey = null;
function drawKey() {
  const run = here(),
    key = keyNow(),
    box = at("contradiction"),
    list = at("core");
  if (writtenKey === (key || run)) return;
  writtenKey = key || run;
  if (!key) {
    box.textContent =
      run.operations.raw.promise || "No promise of linearizability was made, and none is judged here.";
    box.className = "";
    list.replaceChildren();
    return;
  }
  const sentence = withTimes(word(key.sentence));
  box.className = key.state;
  box.textContent =
    (key.state === "violated" ? "\u2717 Not linearizable: " : "") +
    sentence +
    (sentence.endsWith(".") ? "" : ".");
  const told = [...key.core, ...key.beside].filter((place) => run.operations.byPlace.has(place));
  const items = told.map((place) => {
    const index = run.operations.byPlace.get(place),
      mark = key.bad === place ? "\u2717 " : "";
    const button = element("button", mark + tellOperation(run, index), {
      type: "button",
      class: "link",
      "data-operation": place,
    });
    button.addEventListener("click", () => {
      showOperation(place);
      at("scene").scrollIntoView({ block: "nearest" });
    });
    return element("li", "", {}, button, key.beside.has(place) ? " (named beside)" : "");
  });
  list.replaceChildren(
    ...(items.length ? [element("ol", "", {}, ...items)] : []),
    ...key.remarks.map((remark) => element("p", remark)),
    element("p", run.operations.raw.promise || "", { class: "hint" }),
  );
}

function stepOperation(by) {
  const run = here(),
    key = keyNow(),
    operations = run.operations;
  const mine = [...operations.place.keys()].filter((index) => !key || operations.key[index] === key.key);
  if (!mine.length) return;
  const now = operations.byPlace.get(moment.operation),
    time = run.time[moment.event];
  let next = mine.indexOf(now) + by;
  if (now === undefined)
    next = Math.max(
      0,
      mine.findIndex((index) => operations.call[index] >= time),
    );
  showOperation(operations.place[mine[Math.max(0, Math.min(mine.length - 1, next))]]);
}

function toContradiction() {
  const key = keyNow();
  if (!key || key.bad === null) return;
  showOperation(key.bad);
  const operations = here().operations,
    told = [...key.core].map((place) => operations.byPlace.get(place)).filter((index) => index !== undefined);
  const from = Math.min(...told.map((index) => operations.call[index]));
  const to = Math.max(
    ...told.map((index) =>
      operations.ret[index] === Infinity ? operations.call[index] : operations.ret[index],
    ),
  );
  look(from - (to - from) * 0.1 - 1e5, to + (to - from) * 0.1 + 1e5);
}

// The operation at a point, by its place in the plan.
function operationNear(px, y) {
  const row = rowsOfClients[Math.floor((y - TOP) / ROW)],
    operations = here().operations;
  if (!row) return -1;
  const hit = row.list.filter(
    (index) =>
      x(operations.call[index]) - 3 <= px &&
      (operations.ret[index] === Infinity ||
        px <= Math.max(x(operations.call[index]) + 3, x(operations.ret[index])) + 3),
  );
  return hit.length ? operations.place[hit[hit.length - 1]] : -1;
}
