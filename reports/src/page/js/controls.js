// Buttons, boxes, the slider and the mouse.

function makeChoices() {
  runs.forEach((run) => {
    const button = element("button", run.name, { type: "button", "data-run": run.name });
    button.addEventListener("click", () => changeRun(run.index));
    at("run-choice").append(button);
  });
  const nodes = Math.max(...runs.map((run) => run.nodes));
  for (let node = 0; node < nodes; node++) {
    at("node-choice").append(
      box(
        "n" + node,
        true,
        (isOn) => {
          if (isOn) moment.hidden.delete(node);
          else moment.hidden.add(node);
        },
        { "data-hide": node },
      ),
    );
  }
  KINDS.forEach((name, kind) => {
    at("kind-choice").append(
      box(
        name,
        true,
        (isOn) => {
          if (isOn) moment.without.delete(kind);
          else moment.without.add(kind);
        },
        {},
      ),
    );
  });
  at("interest").append(
    element("option", "any", { value: -1 }),
    ...INTERESTS.map((name, code) => element("option", name, { value: code })),
  );
}

function box(name, isOn, turn, attributes) {
  const input = element("input", "", { type: "checkbox", ...attributes });
  input.checked = isOn;
  input.addEventListener("change", () => {
    turn(input.checked);
    note(false);
    changed();
  });
  return element("label", "", {}, input, " " + name);
}

// Shows in the controls what is the case.
function drawControls() {
  const run = here(),
    scrub = at("scrub");
  scrub.max = run.count - 1;
  scrub.value = moment.event;
  const words =
    seqOf(run, moment.event) + " of " + run.raw.total + " \u00b7 " + shownTime(run.time[moment.event]);
  at("place").textContent = words;
  scrub.setAttribute("aria-valuetext", words);
  for (const button of at("run-choice").children)
    button.setAttribute("aria-pressed", button.dataset.run === run.name);
  for (const input of at("node-choice").querySelectorAll("input"))
    input.checked = !moment.hidden.has(Number(input.dataset.hide));
  at("beats").checked = moment.isCollapsed;
  at("past").setAttribute("aria-pressed", moment.cone === "past");
  at("future").setAttribute("aria-pressed", moment.cone === "future");
  const select = at("key");
  if (select.dataset.run !== run.name) {
    select.dataset.run = run.name;
    select.replaceChildren(
      ...run.operations.keys.map((key, index) =>
        element("option", "key " + key.key + " \u2013 " + key.state, { value: index }),
      ),
    );
  }
  select.value = moment.key;
  at("to-contradiction").disabled = !keyNow() || keyNow().bad === null;
}

const wanted = () => Number(at("interest").value);

function copyLine() {
  const line = at("reproduce"),
    said = at("copied");
  const byHand = () => {
    const range = document.createRange();
    range.selectNodeContents(line);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    said.textContent = document.execCommand("copy") ? "copied" : "marked: copy it with the keyboard";
  };
  if (!navigator.clipboard) return byHand();
  navigator.clipboard.writeText(line.textContent).then(() => {
    said.textContent = "copied";
  }, byHand);
}

function listenToButtons() {
  const presses = {
    "back-far": () => jump(-1, wanted()),
    back: () => step(-1),
    on: () => step(1),
    "on-far": () => jump(1, wanted()),
    in: () => zoom(0.5),
    out: () => zoom(2),
    whole: () => look(least, most),
    past: () => showCone("past"),
    future: () => showCone("future"),
    clear,
    "help-button": toggleHelp,
    "previous-operation": () => stepOperation(-1),
    "next-operation": () => stepOperation(1),
    "to-contradiction": toContradiction,
  };
  for (const [id, press] of Object.entries(presses)) at(id).addEventListener("click", press);
  at("scrub").addEventListener("input", () => go(Number(at("scrub").value), false));
  at("beats").addEventListener("change", () => {
    moment.isCollapsed = at("beats").checked;
    note(false);
    changed();
  });
  at("key").addEventListener("change", () => {
    moment.key = Number(at("key").value);
    moment.operation = -1;
    remark();
    note(true);
    changed();
  });
}

function toggleHelp() {
  at("help").hidden = !at("help").hidden;
  at("help-button").setAttribute("aria-expanded", !at("help").hidden);
}

// Drag to move in time, turn the wheel with Ctrl to zoom, click to choose.
function listenToMouse(canvas, choose) {
  let drag = null;
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      if (event.ctrlKey) zoom(event.deltaY < 0 ? 0.8 : 1.25, timeAtX(event.clientX - box.left));
      else {
        const by = (Math.sign(event.deltaY || event.deltaX) * (moment.to - moment.from)) / 8;
        look(moment.from + by, moment.to + by);
      }
    },
    { passive: false },
  );
  canvas.addEventListener("pointerdown", (event) => {
    drag = { px: event.clientX, from: moment.from, to: moment.to, isMoved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.isMoved = drag.isMoved || Math.abs(event.clientX - drag.px) > 3;
    const by = ((event.clientX - drag.px) / (layout.width - LEFT - RIGHT)) * (drag.to - drag.from);
    if (drag.isMoved) look(drag.from - by, drag.to - by);
  });
  canvas.addEventListener("pointerup", (event) => {
    const box = canvas.getBoundingClientRect();
    if (drag && !drag.isMoved) choose(event.clientX - box.left, event.clientY - box.top);
    drag = null;
  });
  canvas.addEventListener("pointercancel", () => {
    drag = null;
  });
}

function chooseEvent(px, y) {
  const hit = eventNear(px, y);
  if (!hit) return;
  if (hit[0] !== moment.run) changeRun(hit[0]);
  go(hit[1], true);
}

function chooseOperation(px, y) {
  const place = operationNear(px, y);
  if (place < 0) return;
  showOperation(place);
  at("scene").scrollIntoView({ block: "nearest" });
}
