// The keyboard, and the beginning.

const KEYS = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  p: () => jump(-1, wanted()),
  n: () => jump(1, wanted()),
  v: () => jump(1, 0) || jump(-1, 0),
  "[": () => changeRun(moment.run - 1),
  "]": () => changeRun(moment.run + 1),
  "+": () => zoom(0.5),
  "=": () => zoom(0.5),
  "-": () => zoom(2),
  0: () => look(least, most),
  b: () => {
    moment.isCollapsed = !moment.isCollapsed;
    note(false);
    changed();
  },
  c: () => showCone("past"),
  f: () => showCone("future"),
  x: clear,
  o: () => showOperation(operationOf(here(), moment.event)),
  "?": toggleHelp,
};

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      ["SELECT", "TEXTAREA"].includes(event.target.tagName)
    )
      return;
    // A box that scrolls keeps its arrows.
    if (event.target.tabIndex === 0 && event.target.classList.contains("scroller")) return;
    const press = KEYS[event.key];
    if (!press) return;
    press();
    event.preventDefault();
  });
}

// The table of signs, drawn by the same hand as the diagram.
function drawSignsTable() {
  const words = {
    [SEND]: "a message leaves",
    [RECEIVE]: "a message arrives",
    [DROP]: "a message is lost",
    [TIMER]: "a deadline passes",
    [NOTE]: "a step in the node\u2019s own words; often a rule",
    [WRITE]: "a record goes to the disk",
    [DURABLE]: "records are durable",
    [DELIVER]: "an entry is delivered",
    [SESSION]: "a session comes up or breaks",
    [BOOT]: "a process starts",
    [CRASH]: "a process ends",
    [CLIENT]: "a client asks or is told",
    [VIOLATION]: "a violation",
  };
  const letters = {
    [SEND]: "\u25cb",
    [RECEIVE]: "\u25cf",
    [DROP]: "\u00d7",
    [TIMER]: "\u2223",
    [NOTE]: "\u25c6",
    [WRITE]: "\u25ad",
    [DURABLE]: "\u25ac",
    [DELIVER]: "\u25bc",
    [SESSION]: "\u25a1",
    [BOOT]: "\u25b2",
    [CRASH]: "\u2716",
    [CLIENT]: "\u25ae",
    [VIOLATION]: "\u2297",
  };
  at("signs").append(
    ...Object.keys(words).map((kind) =>
      element("tr", "", {}, element("td", letters[kind]), element("td", words[kind])),
    ),
    element("tr", "", {}, element("td", "\u2594"), element("td", "a field of the node changes")),
  );
}

// Where a reader begins who was sent no link: at the first violation, else the first fault, else the start.
function begin() {
  const first = (code) => {
    const found = runs.flatMap((run) =>
      [...run.interest].filter(([, what]) => what === code).map(([place]) => [run, place]),
    );
    return found.sort((a, b) => a[0].time[a[1]] - b[0].time[b[1]])[0];
  };
  const [run, place] = first(0) || first(1) || [runs[0], 0];
  moment.run = run.index;
  moment.event = place;
  moment.key = worstKey(run);
  remark();
  lookAround(place);
}

at("copy").hidden = false;
at("copy").addEventListener("click", copyLine);
if (runs.length && runs.every((run) => run.count)) {
  at("live").hidden = false;
  at("operations-section").hidden = false;
  measure();
  makeChoices();
  drawSignsTable();
  parts.push(
    drawSpacetime,
    drawDetail,
    drawInspector,
    drawList,
    drawKey,
    drawOperations,
    drawOperationWords,
    drawControls,
  );
  listenToButtons();
  listenToMouse(canvas, chooseEvent);
  listenToMouse(table, chooseOperation);
  listenToKeys();
  window.addEventListener("resize", measure);
  window.addEventListener("beforeprint", drawAll);
  window.addEventListener("popstate", () => {
    if (read()) changed();
  });
  window.addEventListener("hashchange", () => {
    if (read()) changed();
  });
  if (!read()) begin();
  drawAll();
} else {
  at("walk")
    .querySelectorAll(".live")
    .forEach((part) => {
      part.hidden = true;
    });
}
