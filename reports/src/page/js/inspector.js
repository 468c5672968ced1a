// The event at the cursor in words, and what every node holds then.

// An element with text, attributes and children. Text is never read as markup.
function element(name, text, attributes, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function linkTo(run, place, text) {
  const link = element("button", text || "#" + seqOf(run, place), {
    type: "button",
    class: "link",
    title: wordsOf(run, place),
  });
  link.addEventListener("click", () => go(place, true));
  return link;
}

function drawDetail() {
  const run = here(),
    i = moment.event,
    rule = word(run.raw.columns.rule[i]);
  const box = at("detail");
  const head = element(
    "h3",
    "#" + seqOf(run, i) + " " + KINDS[run.kind[i]] + " at " + where(run, i) + ", " + run.name,
  );
  const rows = [
    head,
    element("p", "", { class: "time" }, shownTime(run.time[i])),
    element("p", wordsOf(run, i), { class: "words" }),
  ];
  for (const [judge, detail, place] of run.raw.violations) {
    if (place === i)
      rows.push(element("p", "", {}, element("strong", "\u2717 " + judge + ": "), withTimes(detail)));
  }
  if (rule) {
    const known = ruleOf.get(rule),
      line = element("p", "", { id: "rule" }, element("strong", "Rule " + rule + ": "));
    line.append(known ? known.sentence + " (" + known.source + ")" : "this page has no sentence for it.");
    rows.push(line);
  }
  if (run.changes.has(i)) rows.push(tellChanges(run, i));
  rows.push(tellCauses(run, i));
  const operation = operationOf(run, i),
    index = run.operations.byPlace.get(operation);
  if (index !== undefined) {
    const button = element("button", "operation " + operation, { type: "button", class: "link" });
    button.addEventListener("click", () => {
      showOperation(operation);
      at("operation").scrollIntoView({ block: "nearest" });
    });
    rows.push(element("p", "Belongs to ", {}, button, ": " + tellOperation(run, index)));
  }
  box.replaceChildren(...rows);
}

function tellChanges(run, place) {
  const before = place > 0 ? stateAt(run, run.node[place], place - 1) : new Map();
  const line = element("p", "", { class: "changes" }, element("strong", "Changes: "));
  const changes = run.changes.get(place).map(([name, value]) => {
    const old = before.get(name);
    return name + (old ? " " + old.value + " \u2192 " : " = ") + value;
  });
  line.append(changes.join("; ") + ".");
  return line;
}

function tellCauses(run, place) {
  const line = element("p", "");
  if (run.cause[place] >= 0) line.append("Caused by ", linkTo(run, run.cause[place]), ". ");
  else if (run.outside[place])
    line.append("Caused by #" + run.outside[place] + ", which is outside of what is shown. ");
  else line.append("The plan starts it. ");
  const effects = effectsOf(run, place);
  if (effects.length) {
    line.append("Leads to ");
    effects.slice(0, 8).forEach((effect, index) => line.append(index ? ", " : "", linkTo(run, effect)));
    line.append(effects.length > 8 ? " and " + (effects.length - 8) + " more." : ".");
  }
  return line;
}

// A table a run: fields down, nodes across, as of the time at the cursor. The run at hand comes first and is open.
const unfolded = new Set();
function drawInspector() {
  const time = here().time[moment.event];
  at("columns").className = "columns" + (Math.max(...runs.map((run) => run.nodes)) > 3 ? " many" : "");
  const others = runs
    .filter((run) => run.index !== moment.run)
    .map((run) => {
      const fold = element("details", "", {}, element("summary", run.name + " at the same time"));
      fold.open = unfolded.has(run.index);
      if (fold.open) fold.append(inspectRun(run, placeAt(run, time)));
      fold.addEventListener("toggle", () => {
        if (fold.open === unfolded.has(run.index)) return;
        if (fold.open) unfolded.add(run.index);
        else unfolded.delete(run.index);
        changed();
      });
      return fold;
    });
  const head = element("h3", "The nodes at " + shownTime(time));
  at("inspector").replaceChildren(head, inspectRun(here(), moment.event), ...others);
}

function inspectRun(run, place) {
  const nodes = [...Array(run.nodes).keys()].filter((node) => !moment.hidden.has(node));
  const states = nodes.map((node) => stateAt(run, node, place));
  // What means nothing anywhere at the moment is left out.
  const names = [...new Set(states.flatMap((state) => [...state.keys()]))].filter((name) =>
    states.some(
      (state) => state.has(name) && (state.get(name).value !== "-" || state.get(name).by === place),
    ),
  );
  const head = element(
    "tr",
    "",
    {},
    element("td"),
    ...nodes.map((node, column) =>
      element("th", "n" + node + (states[column].size ? "" : " (down)"), { scope: "col" }),
    ),
  );
  const rows = names.map((name) =>
    element(
      "tr",
      "",
      {},
      element("th", name, { scope: "row" }),
      ...states.map((state, column) => cell(run, state.get(name), place, name, nodes[column])),
    ),
  );
  const ended = run.time[run.count - 1] < here().time[moment.event] ? " (the run has ended)" : "";
  return element(
    "table",
    "",
    { class: "fields", "data-run": run.name },
    element("caption", run.name + ended),
    element("tbody", "", {}, head, ...rows),
  );
}

function cell(run, field, place, name, node) {
  if (!field) return element("td", "\u2013", { class: "down" });
  const rule = field.by >= 0 ? word(run.raw.columns.rule[field.by]) : "";
  const since =
    field.by >= 0
      ? "since #" + seqOf(run, field.by) + (rule ? ", rule " + rule : "")
      : "since before what is shown";
  const made = element("td", field.value, { title: since, "data-field": name, "data-node": node });
  if (field.by === place && run.index === moment.run) made.className = "changed";
  return made;
}
