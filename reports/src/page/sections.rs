//! The parts of a page that are there without a script.

use std::fmt::Write;

use checker::explain::markup::escape;
use sim::outcome::{JudgeReport, Verdict};

use crate::figure::{Cell, Figure, Panel, Table};
use crate::page::Story;
use crate::page::markup::{data_address, drawing};
use crate::page::window::{EVENTS_MAX, Window};

/// Events that are in the page as a table, for readers without a script.
const EVENTS_LISTED: usize = 300;
/// Rows of a figure's numbers that are in the page as a table; the file has all.
const ROWS_LISTED: usize = 20;

pub(super) fn teaches(teaches: &str) -> String {
    if teaches.is_empty() { String::new() } else { format!("<p class=\"teaches\">{}</p>", escape(teaches)) }
}

pub(super) fn summary(sentences: &[String]) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    let mut html = "<section aria-labelledby=\"summary-title\"><h2 id=\"summary-title\">In short</h2><ul class=\"summary\">".to_owned();
    for sentence in sentences {
        let _ = write!(html, "<li>{}</li>", escape(sentence));
    }
    html + "</ul></section>"
}

pub(super) fn figures(figures: &[Figure]) -> String {
    if figures.is_empty() {
        return String::new();
    }
    let mut html =
        "<section id=\"figures\" aria-labelledby=\"figures-title\"><h2 id=\"figures-title\">Figures</h2>"
            .to_owned();
    for figure in figures {
        html.push_str(&figure_section(figure));
    }
    html + "</section>"
}

fn figure_section(figure: &Figure) -> String {
    let id = escape(&figure.id);
    let mut html = format!(
        "<figure class=\"plot\" id=\"figure-{id}\"><h3>{}</h3><div class=\"panels panels-{}\">",
        escape(&figure.title),
        figure.panels.len().min(3),
    );
    for Panel { name, svg } in &figure.panels {
        let name = if name.is_empty() { String::new() } else { format!("<h4>{}</h4>", escape(name)) };
        let _ = write!(html, "<div class=\"{}\">{name}{}</div>", panel_class(svg), drawing(svg));
    }
    let _ = write!(
        html,
        "</div><figcaption><p><strong>How to read this.</strong> {}</p>{}</figcaption></figure>",
        escape(&figure.how_to_read),
        numbers(&figure.id, &figure.data),
    );
    html
}

/// A drawing's class, by its own width: small ones are not blown up, and wide ones may be scrolled on a phone.
fn panel_class(svg: &str) -> &'static str {
    let width: Option<u32> =
        drawing(svg).split_once(" width=\"").and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
    match width {
        Some(..=560) => "panel small",
        Some(1_000..) => "panel wide",
        Some(561..=999) | None => "panel",
    }
}

/// The numbers behind a figure: as a file within the page, and the first of them as a table.
fn numbers(id: &str, table: &Table) -> String {
    if table.columns.is_empty() {
        return String::new();
    }
    let mut html = format!(
        "<details class=\"numbers\"><summary>The {} rows of numbers behind it</summary><p><a download=\"{id}.csv\" \
         href=\"{}\">{id}.csv</a></p>{}",
        table.rows.len(),
        data_address("text/csv", &table.csv()),
        self::table(table, ROWS_LISTED),
        id = escape(id),
    );
    if let more @ 1.. = table.rows.len().saturating_sub(ROWS_LISTED) {
        let _ = write!(html, "<p>{more} more rows are in the file.</p>");
    }
    html + "</details>"
}

/// The first rows of a table.
pub(super) fn table(table: &Table, rows: usize) -> String {
    let mut html = "<div class=\"scroller\" tabindex=\"0\"><table><thead><tr>".to_owned();
    for column in &table.columns {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(column));
    }
    html.push_str("</tr></thead><tbody>");
    for row in table.rows.iter().take(rows) {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{}</td>", escape(&in_words(cell)));
        }
        html.push_str("</tr>");
    }
    html + "</tbody></table></div>"
}

fn in_words(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Whole(number) => number.to_string(),
        Cell::Number(number) => format!("{number:.4}").trim_end_matches('0').trim_end_matches('.').to_owned(),
        Cell::Nothing => "\u{2013}".to_owned(),
    }
}

/// Says loudly which runs leave out rules, and which are not shown whole.
pub(super) fn notice(stories: &[Story], windows: &[Window], rules: &[(String, String, String)]) -> String {
    let mut html = String::new();
    for story in stories {
        for id in &story.outcome.without {
            let known = rules.iter().find(|rule| rule.0 == *id);
            let sentence = known.map_or(String::new(), |(_, sentence, source)| {
                format!(" It says: {} ({})", escape(sentence), escape(source))
            });
            let _ = write!(
                html,
                "<p class=\"notice\" role=\"note\"><strong>A mutant: {} runs without the rule <code>{}</code>.</strong>{sentence}</p>",
                escape(&story.header.protocol),
                escape(id),
            );
        }
    }
    for (story, window) in stories.iter().zip(windows).filter(|(story, window)| is_cut(story, window)) {
        let _ = write!(
            html,
            "<p class=\"notice\" role=\"note\"><strong>Cut: {}.</strong> {}</p>",
            escape(&story.header.protocol),
            cut_words(story, window)
        );
    }
    html
}

fn is_cut(story: &Story, window: &Window) -> bool {
    window.range.len() < story.events.len()
}

/// How many of how many, which span, and how to see the rest. As markup.
fn cut_words(story: &Story, window: &Window) -> String {
    let shown = &story.events[window.range.clone()];
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return "No event was traced.".to_owned();
    };
    format!(
        "{} of {} events are shown, #{} to #{}, from {} to {} of {} simulated, around {}. Everything is shown by \
         <code>{} --trace {protocol}.jsonl</code>, and <code>quorate trace {protocol}.jsonl</code> reads it.",
        shown.len(),
        story.events.len(),
        first.seq,
        last.seq,
        time(first.time),
        time(last.time),
        time(story.events.last().map_or(0, |event| event.time)),
        window.around,
        escape(&story.reproduce),
        protocol = escape(&story.header.protocol),
    )
}

/// How each trace was cut.
pub(super) fn cut(stories: &[Story], windows: &[Window]) -> String {
    let mut html = format!("<p>A page shows {EVENTS_MAX} events of a run at most.</p><ul>");
    for (story, window) in stories.iter().zip(windows) {
        let words = if is_cut(story, window) {
            cut_words(story, window)
        } else {
            format!(
                "All {} events are shown. <code>{}</code> makes the run again.",
                story.events.len(),
                escape(&story.reproduce)
            )
        };
        let _ = write!(html, "<li>{}: {words}</li>", escape(&story.header.protocol));
    }
    html + "</ul>"
}

/// A time as milliseconds.
fn time(nanos: u64) -> String {
    format!("{}.{:03}\u{202f}ms", nanos / 1_000_000, nanos / 1_000 % 1_000)
}

/// The first events, for readers without a script, who get no other. The script puts its own list here.
pub(super) fn events(stories: &[Story], windows: &[Window]) -> String {
    let mut html = String::new();
    let is_violated = |story: &Story| story.outcome.verdict() == Verdict::Violated;
    let opened = stories.iter().position(is_violated).unwrap_or(0);
    for (place, (story, window)) in stories.iter().zip(windows).enumerate() {
        let shown = &story.events[window.range.clone()];
        let listed = &shown[..shown.len().min(EVENTS_LISTED)];
        let open = if place == opened { " open" } else { "" };
        let _ = write!(
            html,
            "<details class=\"listed\"{open}><summary>{}: the first {} of {} events</summary><div class=\"scroller\" \
             tabindex=\"0\"><table class=\"events\"><thead><tr><th scope=\"col\">#</th><th scope=\"col\">time</th>\
             <th scope=\"col\">where</th><th scope=\"col\">what</th><th scope=\"col\">in words</th></tr></thead><tbody>",
            escape(&story.header.protocol),
            listed.len(),
            story.events.len(),
        );
        for event in listed {
            let kind = serde_json::to_value(event.kind).expect("plain data");
            let rule = if event.rule.is_empty() { String::new() } else { format!(" [{}]", event.rule) };
            let _ = writeln!(
                html,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                event.seq,
                time(event.time),
                event.node.map_or_else(String::new, |node| format!("n{node}")),
                kind.as_str().unwrap_or_default(),
                escape(&(event.text.clone() + &rule)),
            );
        }
        html.push_str("</tbody></table></div></details>");
    }
    html
}

/// Every judge and what it says, protocols side by side; what did not hold comes first.
pub(super) fn judges(stories: &[Story]) -> String {
    let mut html = "<div class=\"judges-of\">".to_owned();
    for story in stories {
        let _ = write!(
            html,
            "<div><h3>{}</h3><div class=\"scroller\" tabindex=\"0\"><table class=\"judges\"><thead><tr><th \
             scope=\"col\">judge</th><th scope=\"col\">says</th><th scope=\"col\">observed</th></tr></thead><tbody>",
            escape(&story.header.protocol),
        );
        let mut judges: Vec<&JudgeReport> = story.outcome.judges.iter().collect();
        judges.sort_by_key(|judge| match judge.verdict {
            Verdict::Violated => 0,
            Verdict::Unknown => 1,
            Verdict::Ok => 2,
            Verdict::NotChecked => 3,
        });
        for judge in judges {
            let says = serde_json::to_value(judge.verdict).expect("plain data");
            let says = says.as_str().unwrap_or_default();
            let _ = write!(
                html,
                "<tr class=\"judge-{says}\"><th scope=\"row\">{}</th><td>{says}</td><td>{}</td></tr>",
                escape(&judge.name),
                judge.observed,
            );
            if !judge.detail.is_empty() {
                let _ =
                    write!(html, "<tr><td colspan=\"3\" class=\"found\">{}</td></tr>", escape(&judge.detail));
            }
        }
        html.push_str("</tbody></table></div></div>");
    }
    html + "</div>"
}

/// What the seed drew.
pub(super) fn drawn(lines: &[(String, String)]) -> String {
    definitions(lines.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// What each protocol made of the settings.
pub(super) fn settings(stories: &[Story]) -> String {
    let mut html = String::new();
    for story in stories {
        let _ = write!(html, "<h4>{}</h4>", escape(&story.header.protocol));
        html.push_str(&definitions(
            story.outcome.settings.iter().map(|(name, value)| (*name, value.as_str())),
        ));
    }
    html
}

fn definitions<'a>(lines: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut html = "<dl>".to_owned();
    for (name, value) in lines {
        let _ = write!(html, "<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value));
    }
    html + "</dl>"
}
