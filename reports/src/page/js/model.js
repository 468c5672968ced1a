// The data as the rest uses it: columns become arrays, deltas become sums.

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const word = (number) => data.texts[number];
const ruleOf = new Map(data.rules.map(([id, sentence, source]) => [id, { sentence, source }]));

const KINDS = [
  "boot",
  "crash",
  "timer",
  "send",
  "receive",
  "drop",
  "session",
  "write",
  "durable",
  "deliver",
  "note",
  "client",
  "fault",
  "violation",
];
const [
  BOOT,
  CRASH,
  TIMER,
  SEND,
  RECEIVE,
  DROP,
  SESSION,
  WRITE,
  DURABLE,
  DELIVER,
  NOTE,
  CLIENT,
  FAULT,
  VIOLATION,
] = KINDS.keys();
const INTERESTS = ["violation", "fault", "crash", "restart", "new leader", "answer unknown"];
// A keyframe of a node's state every so many changes.
const KEYFRAME_EVERY = 64;

function sums(deltas, start) {
  let sum = start;
  return deltas.map((delta) => (sum += delta));
}

function open(raw, index) {
  const columns = raw.columns,
    count = columns.time.length;
  const less = (column) => Int32Array.from(columns[column], (number) => number - 1);
  const run = {
    index,
    raw,
    count,
    name: raw.protocol,
    nodes: raw.nodes,
    clients: raw.nodes, // The lane of the clients comes after those of the nodes.
    time: Float64Array.from(sums(columns.time, raw.base)),
    node: less("node"),
    peer: less("peer"),
    client: less("client"),
    operation: less("operation"),
    kind: Uint8Array.from(columns.kind),
    cause: Int32Array.from(columns.cause, (back, place) => (back > 0 ? place - back : -1)),
    outside: Int32Array.from(columns.cause, (back) => (back < 0 ? -back : 0)),
    isBeat: new Uint8Array(count),
    interest: new Map(raw.interest),
  };
  for (const place of sums(raw.beats, 0)) run.isBeat[place] = 1;
  const bands = raw.bands.map(([from, until, text]) => ({ from, until, text: word(text) }));
  run.bands = bands;
  openState(run);
  openCauses(run);
  run.operations = openOperations(raw.operations);
  return run;
}

// For each node its changes in order, and every so many the whole state: fields by name, each with the event (or -1:
// earlier than what is shown) that set it.
function openState(run) {
  run.changes = new Map();
  const row = run.raw.state;
  let place = 0;
  for (let i = 0; i < row.length;) {
    place += row[i];
    const fields = [];
    for (let field = 0; field < row[i + 1]; field++)
      fields.push([word(row[i + 2 + 2 * field]), word(row[i + 3 + 2 * field])]);
    run.changes.set(place, fields);
    i += 2 + 2 * row[i + 1];
  }
  run.histories = run.raw.before.map((fields) => {
    const start = new Map(fields.map(([name, value]) => [word(name), { value: word(value), by: -1 }]));
    return { places: [], frames: [start], last: new Map(start) };
  });
  for (let i = 0; i < run.count; i++) {
    const history = run.histories[run.node[i]];
    if (!history || !(run.changes.has(i) || run.kind[i] === CRASH || run.kind[i] === BOOT)) continue;
    apply(run, history.last, i);
    history.places.push(i);
    if (history.places.length % KEYFRAME_EVERY === 0) history.frames.push(new Map(history.last));
  }
}

function apply(run, state, place) {
  if (run.kind[place] === CRASH || run.kind[place] === BOOT) state.clear();
  for (const [name, value] of run.changes.get(place) || []) state.set(name, { value, by: place });
}

// How many of these ascending numbers are at most so much.
function countUpTo(numbers, most) {
  let low = 0,
    high = numbers.length;
  while (low < high) {
    const half = (low + high) >> 1;
    if (numbers[half] <= most) low = half + 1;
    else high = half;
  }
  return low;
}

// The state of a node after an event: from the keyframe before it, by the changes since.
function stateAt(run, node, place) {
  const history = run.histories[node],
    count = countUpTo(history.places, place);
  const frame = Math.floor(count / KEYFRAME_EVERY),
    state = new Map(history.frames[frame]);
  for (let change = frame * KEYFRAME_EVERY; change < count; change++)
    apply(run, state, history.places[change]);
  return state;
}

// The last event at or before a time.
function placeAt(run, time) {
  return Math.max(0, countUpTo(run.time, time) - 1);
}

function openOperations(raw) {
  const columns = raw.columns,
    count = columns.place.length;
  const operations = {
    raw,
    count,
    place: columns.place,
    client: columns.client,
    key: columns.key,
    end: columns.end,
    call: sums(columns.call, 0),
    ask: columns.ask,
    answer: columns.answer,
    label: columns.label,
    byPlace: new Map(columns.place.map((place, index) => [place, index])),
    keys: raw.keys.map((key) => ({
      ...key,
      order: sums(key.order, 0),
      core: new Set(key.core),
      beside: new Set(key.beside),
    })),
  };
  operations.ret = columns.length.map((length, index) =>
    length < 0 ? Infinity : operations.call[index] + length,
  );
  return operations;
}

const seqOf = (run, place) => run.raw.first + place;
const where = (run, place) =>
  run.node[place] >= 0
    ? "n" + run.node[place]
    : run.client[place] >= 0
      ? "client " + run.client[place]
      : "world";

// The words of an event, with the head that the data leaves out.
function wordsOf(run, place) {
  const number = run.raw.columns.text[place],
    text = word(number >> 1);
  if (number % 2 === 0) return withTimes(text);
  const other = run.peer[place] >= 0 ? "n" + run.peer[place] : "client " + run.client[place];
  const way = run.kind[place] === SEND ? "to " : run.kind[place] === CLIENT ? "" : "from ";
  return way + other + ": " + withTimes(text);
}

// Sentences of judges and checkers tell times in nanoseconds; a reader wants to find them on the axis.
function withTimes(sentence) {
  const told = (number) => shownTime(Number(number));
  return sentence
    .replace(/\b(called at|ended at) (\d+)/g, (_, what, time) => what + " " + told(time))
    .replace(/\[(\d+) to (\d+)\]/g, (_, from, to) => "[" + told(from) + " to " + told(to) + "]");
}

const shownTime = (nanos) => (nanos / 1e6).toFixed(3) + "\u202fms";
