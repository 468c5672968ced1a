// The events around the cursor, in words: the diagram for those who read, listen or print.

const LISTED = 12;

function drawList() {
  const run = here(),
    before = [],
    after = [];
  const isListed = (place) => isShown(run, place) && (!moment.marks || moment.marks[place]);
  for (let i = moment.event - 1; i >= 0 && before.length < LISTED; i--) if (isListed(i)) before.unshift(i);
  for (let i = moment.event + 1; i < run.count && after.length < LISTED; i++) if (isListed(i)) after.push(i);
  const rows = [...before, moment.event, ...after].map((place) => listRow(run, place));
  const head = element(
    "tr",
    "",
    {},
    ...["#", "time", "where", "what", "in words"].map((name) => element("th", name, { scope: "col" })),
  );
  const columns = element(
    "colgroup",
    "",
    {},
    ...[1, 2, 3, 4, 5].map((number) => element("col", "", { class: "c" + number })),
  );
  const caption = element("caption", run.name + ": events around #" + seqOf(run, moment.event));
  at("list").replaceChildren(
    element(
      "table",
      "",
      {},
      caption,
      columns,
      element("thead", "", {}, head),
      element("tbody", "", {}, ...rows),
    ),
  );
}

function listRow(run, place) {
  const rule = word(run.raw.columns.rule[place]),
    code = run.interest.get(place);
  const words = wordsOf(run, place) + (rule ? " [" + rule + "]" : "");
  const classes = [place === moment.event ? "here" : "", code !== undefined ? "mark" : ""].join(" ").trim();
  const row = element(
    "tr",
    "",
    classes ? { class: classes } : {},
    element("td", "", {}, linkTo(run, place)),
    element("td", shownTime(run.time[place])),
    element("td", where(run, place)),
    element("td", code === undefined ? KINDS[run.kind[place]] : INTERESTS[code]),
    element("td", words),
  );
  if (place === moment.event) row.setAttribute("aria-current", "true");
  return row;
}
