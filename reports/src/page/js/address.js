// The address holds the moment: run, event by its number, key, operation, cone, hidden nodes. A link to it shows it.

// Writes the moment into the address; a jump gets an entry of its own, so that the back button returns from it.
function note(isJump) {
  const run = here(),
    key = keyNow(),
    parts = ["run=" + encodeURIComponent(run.name), "event=" + seqOf(run, moment.event)];
  if (key) parts.push("key=k" + key.key);
  if (moment.operation >= 0) parts.push("op=" + moment.operation);
  if (moment.cone) parts.push("cone=" + moment.cone + "." + seqOf(run, moment.origin));
  if (moment.hidden.size) parts.push("hide=" + [...moment.hidden].sort((a, b) => a - b).join("."));
  if (!moment.isCollapsed) parts.push("beats=1");
  const address = "#" + parts.join("&");
  if (address === location.hash) return;
  if (isJump) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

// What somebody typed may be no code at all.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

// Reads the moment from the address. False if it holds none.
function read() {
  const words = new Map(
    location.hash
      .slice(1)
      .split("&")
      .map((part) => {
        const [name, value] = part.split("=");
        return [name, decoded(value || "")];
      }),
  );
  const index = runs.findIndex((run) => run.name === words.get("run")),
    seq = Number(words.get("event"));
  if (index < 0 || !Number.isInteger(seq) || seq < 1) return false;
  moment.run = index;
  const run = here(),
    placeOf = (seq) => Math.max(0, Math.min(run.count - 1, seq - run.raw.first));
  moment.event = placeOf(seq);
  moment.hidden = new Set(
    (words.get("hide") || "")
      .split(".")
      .filter((node) => node !== "")
      .map(Number)
      .filter(Number.isInteger),
  );
  moment.isCollapsed = words.get("beats") !== "1";
  const key = run.operations.keys.findIndex((key) => "k" + key.key === words.get("key"));
  moment.key = key >= 0 ? key : worstKey(run);
  const operation = words.has("op") ? Number(words.get("op")) : -1;
  moment.operation = run.operations.byPlace.has(operation) ? operation : -1;
  const [cone, origin] = (words.get("cone") || "").split(".");
  moment.cone = cone === "past" || cone === "future" ? cone : "";
  moment.origin = placeOf(Number(origin) || seq);
  remark();
  lookAround(moment.event);
  return true;
}
