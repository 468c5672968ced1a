// Happens-before: from each event to the next at its node, and to each that it caused.

function openCauses(run) {
  run.before = new Int32Array(run.count).fill(-1);
  run.after = new Int32Array(run.count).fill(-1);
  const last = new Int32Array(run.nodes).fill(-1);
  run.effects = new Map();
  run.arrows = []; // From and to, in order of leaving.
  run.arrowTo = new Set();
  for (let i = 0; i < run.count; i++) {
    const node = run.node[i],
      cause = run.cause[i];
    if (node >= 0) {
      run.before[i] = last[node];
      if (last[node] >= 0) run.after[last[node]] = i;
      last[node] = i;
    }
    if (cause < 0) continue;
    if (run.effects.has(cause)) run.effects.get(cause).push(i);
    else run.effects.set(cause, [i]);
    const leaves = run.kind[cause] === SEND || (run.kind[cause] === CLIENT && run.kind[i] === RECEIVE);
    const arrives = run.kind[i] === RECEIVE || run.kind[i] === DROP || run.kind[i] === CLIENT;
    if (leaves && arrives) {
      run.arrows.push([cause, i]);
      run.arrowTo.add(i);
    }
  }
  run.arrows.sort((a, b) => a[0] - b[0]);
}

const effectsOf = (run, place) => run.effects.get(place) || [];

// The events that may have had an influence on this one, or on which it may have had one: a mark each.
function cone(run, place, isFuture) {
  const marks = new Uint8Array(run.count),
    open = [place];
  marks[place] = 1;
  const add = (next) => {
    if (next >= 0 && !marks[next]) {
      marks[next] = 1;
      open.push(next);
    }
  };
  while (open.length) {
    const here = open.pop();
    add(isFuture ? run.after[here] : run.before[here]);
    if (isFuture) effectsOf(run, here).forEach(add);
    else add(run.cause[here]);
  }
  return marks;
}

// The events of an operation: those that name it, and what they caused until it ended and before another is named.
function marksOfOperation(run, operation) {
  const marks = new Uint8Array(run.count),
    index = run.operations.byPlace.get(operation);
  const end = index === undefined ? Infinity : run.operations.ret[index];
  const open = [];
  for (let i = 0; i < run.count; i++)
    if (run.operation[i] === operation) {
      marks[i] = 1;
      open.push(i);
    }
  while (open.length) {
    for (const next of effectsOf(run, open.pop())) {
      const isOther = run.operation[next] >= 0 && run.operation[next] !== operation;
      if (marks[next] || isOther || run.time[next] > end) continue;
      marks[next] = 1;
      open.push(next);
    }
  }
  return marks;
}

// The operation that an event belongs to: the nearest that is named on the way back along its causes; else -1.
function operationOf(run, place) {
  for (let i = place; i >= 0; i = run.cause[i]) if (run.operation[i] >= 0) return run.operation[i];
  return -1;
}

// What is marked when everything but that is dim; null: nothing is.
function marksOf(run) {
  if (run.index !== moment.run) return null;
  if (moment.cone) return cone(run, moment.origin, moment.cone === "future");
  return moment.operation >= 0 ? marksOfOperation(run, moment.operation) : null;
}
