//! The page in a real browser: Debian's Chromium opens it from a `file:` address and is driven through it.
//!
//! Without `chromium` and `chromedriver` these tests say loudly that they are skipped; with `QUORATE_BROWSER=required`
//! they fail instead. Pictures at 1280 and 400 pixels go to the directory that `QUORATE_PICTURES` names, if it does.

mod driver;
mod fixture;

use std::path::{Path, PathBuf};

use driver::Browser;
use fixture::Source;
use reports::figure::{Figure, Panel, Table};
use serde_json::json;

/// A leader that answers reads from itself alone is cut off from the others, but not from its clients.
fn stale_read() -> Source {
    let file = "local-reads.toml".to_owned();
    let text = include_str!("../../../scenarios/mutants/profiles/local-reads.toml").to_owned();
    Source { file, text, seed: 1, without: vec!["raft/6.4-quorum".to_owned()] }
}

/// A run of five nodes that is several times longer than a page shows.
fn long_run() -> Source {
    let text = include_str!("../../../scenarios/leader-crash.toml").to_owned();
    Source { file: "leader-crash.toml".to_owned(), text, seed: 3, without: Vec::new() }
}

/// Writes a page where a browser can open it.
fn written(name: &str, html: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, html).expect("the page can be written");
    file
}

/// Takes a picture, if somebody wants to see it.
fn picture(browser: &Browser, name: &str) {
    if let Ok(directory) = std::env::var("QUORATE_PICTURES") {
        browser.picture(&Path::new(&directory).join(name));
    }
}

/// The hash of the address.
fn address(browser: &Browser) -> String {
    browser.run("return location.hash").as_str().expect("a text").to_owned()
}

/// A reader opens the page of a run in which a rule was left out, and finds out what went wrong and where.
#[test]
fn a_reader_walks_to_the_violation_and_back() {
    let Some(browser) = Browser::start() else { return };
    let source = stale_read();
    let file = written("stale-read.html", &source.page(&source.stories(), &[]));
    browser.resize(1280, 900);
    browser.open(&file, "#run=raft&event=1");
    assert_eq!(browser.complaints(), [""; 0], "the page opens without a complaint");

    // To the violation, by the keyboard.
    assert!(browser.text("#detail h3").starts_with("#1 boot at n0, raft"), "{}", browser.text("#detail h3"));
    browser.press("v");
    assert!(browser.text("#detail").contains("\u{2717} reads-miss-nothing"), "{}", browser.text("#detail"));
    let moment = address(&browser);
    assert!(moment.starts_with("#run=raft&event="), "{moment}");

    // The inspector shows two leaders: the deposed one believes in itself.
    let field = |node: u32, name: &str| {
        browser.text(&format!("[data-run=raft] [data-node='{node}'][data-field='{name}']"))
    };
    assert_eq!((field(0, "role"), field(1, "role")), ("leader".to_owned(), "leader".to_owned()));
    assert_eq!((field(0, "currentTerm"), field(1, "currentTerm")), ("1".to_owned(), "2".to_owned()));

    // A step back is the rule at fault, told in a sentence.
    browser.press("\u{e012}");
    assert!(browser.text("#rule").starts_with("Rule raft/6.4-quorum: "), "{}", browser.text("#rule"));
    assert!(!browser.text("#rule").contains("no sentence"), "{}", browser.text("#rule"));
    browser.press("\u{e014}");
    assert_eq!(address(&browser), moment, "a step on is where the step back came from");

    // Heartbeats are collapsed until somebody asks for them, and the other protocols are at the same time.
    let shown = |browser: &Browser| {
        browser.text("#shown").split(' ').next().and_then(|count| count.parse::<u32>().ok())
    };
    let collapsed = shown(&browser).expect("a count");
    browser.press("b");
    assert!(collapsed < shown(&browser).expect("a count"), "{}", browser.text("#shown"));
    browser.press("b[");
    assert!(address(&browser).starts_with("#run=zab&"), "{}", address(&browser));
    browser.press("]v");
    assert_eq!(address(&browser), moment);

    // By the mouse: a jump puts its event into the middle of the axis, here onto the first lane of the third protocol,
    // below two groups of three nodes and their clients.
    browser.press("\u{e012}\u{e012}\u{e012}");
    assert_ne!(address(&browser), moment);
    let width =
        browser.run("return document.querySelector('#spacetime').clientWidth").as_u64().expect("a width")
            as u32;
    let (left, right, top, head, row, gap) = (64, 10, 22, 20, 26, 8);
    let group = head + 4 * row + gap;
    browser.click_at("#spacetime", left + (width - left - right) / 2, top + 2 * group + head + row / 2);
    assert_eq!(address(&browser), moment, "a click on a sign goes to its event");

    // A hidden node has no lane and no column, and the address knows.
    browser.click("[data-hide='2']");
    assert!(address(&browser).ends_with("&hide=2"), "{}", address(&browser));
    let columns = "return document.querySelectorAll('[data-run=raft] [data-node=\"2\"]').length";
    assert_eq!(browser.run(columns), 0);
    browser.click("[data-hide='2']");

    // The cone of causes dims what cannot have mattered.
    browser.click("#past");
    assert!(browser.text("#shown").contains("what led to"), "{}", browser.text("#shown"));
    assert!(address(&browser).contains("&cone=past."), "{}", address(&browser));

    // From the operation that cannot be placed to its events, and back to the operation.
    browser.click("#to-contradiction");
    assert!(
        browser.text("#contradiction").contains("Not linearizable"),
        "{}",
        browser.text("#contradiction")
    );
    let told = browser.text("#operation");
    assert!(told.contains("This answer cannot be placed."), "{told}");
    let first = browser.run("return document.querySelector('#core button').dataset.operation");
    let first = format!("&op={}", first.as_str().expect("a number"));
    assert!(!address(&browser).contains(&first), "another operation is shown");
    browser.click("#core button");
    let operation = address(&browser);
    assert!(operation.contains(&first), "{operation}");
    assert!(browser.text("#shown").contains("Dark is what operation"), "{}", browser.text("#shown"));
    let last = browser.text("#list tbody tr:last-child");
    assert!(last.contains("Get came to Ok"), "the last of its events is its end: {last}");
    assert!(browser.text("#detail .words").contains("asks n"), "{}", browser.text("#detail .words"));
    assert!(browser.text("#detail").contains("Belongs to operation"), "{}", browser.text("#detail"));
    assert_eq!(browser.complaints(), [""; 0]);
    picture(&browser, "operation-1280.png");

    // The address is the moment: whoever opens it finds the same.
    let seen = (browser.text("#detail"), browser.text("#operation"), browser.text("#inspector"));
    browser.open(Path::new("/dev/null"), "");
    browser.open(&file, &operation);
    assert_eq!(seen, (browser.text("#detail"), browser.text("#operation"), browser.text("#inspector")));
    browser.open(Path::new("/dev/null"), "");
    browser.open(&file, "#run=raft&event=%zz&hide=99&op=x");
    assert!(browser.text("#detail").contains("\u{2717}"), "a broken link begins where no link does");
    browser.open(&file, &operation);
    browser.open(&file, &moment);
    assert!(browser.text("#detail").contains("\u{2717} reads-miss-nothing"));
    browser.back();
    assert_eq!(address(&browser), operation, "the back button returns");
    assert_eq!(browser.text("#detail"), seen.0);
    assert_eq!(browser.complaints(), [""; 0]);
}

/// The numbers behind a figure are in the page, and no policy keeps them in.
#[test]
fn the_numbers_of_a_figure_can_be_had() {
    let Some(browser) = Browser::start() else { return };
    let mut data = Table::new(&["protocol", "latency_ms"]);
    data.push(vec!["raft".into(), 1.5.into()]);
    data.push(vec!["é & \"<b>\"".into(), 2.0.into()]);
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><style>rect { fill: #123456 }</style>\
               <rect width=\"9\" height=\"9\"/></svg>";
    let figure = Figure {
        id: "latency".to_owned(),
        title: "Latency".to_owned(),
        how_to_read: "Further left is faster.".to_owned(),
        panels: vec![Panel { name: "raft".to_owned(), svg: svg.to_owned() }],
        data: data.clone(),
    };
    let file = written("figure.html", &stale_read().page(&[], &[figure]));
    browser.open(&file, "");
    assert!(!browser.is_displayed("#live"), "without runs there is nothing to walk through");
    let color = browser.run("return getComputedStyle(document.querySelector('.panel rect')).fill");
    assert_eq!(color, "rgb(18, 52, 86)", "the drawing's own style is allowed");
    let link =
        browser.run("return document.querySelector('a[download=\"latency.csv\"]').getAttribute('href')");
    let link = link.as_str().expect("a link").to_owned();
    let decoded = browser.run(&format!("return decodeURIComponent({link:?}.split('charset=utf-8,')[1])"));
    assert_eq!(decoded, data.csv());
    assert_eq!(browser.complaints(), [""; 0]);
}

/// On a phone nothing but the diagram's own box may scroll sideways.
#[test]
fn the_page_fits_wide_and_narrow_windows() {
    let Some(browser) = Browser::start() else { return };
    let source = stale_read();
    let file = written("fits.html", &source.page(&source.stories(), &[]));
    for (width, height) in [(1280, 4600), (400, 7000)] {
        browser.resize(width, height);
        browser.open(&file, "");
        browser.settle();
        let overhang =
            browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(overhang, 0, "the body of a window of {width} pixels scrolls sideways");
        picture(&browser, &format!("page-{width}.png"));
    }
    // On paper there is nothing to press, and what is at the cursor stays.
    browser.resize(1000, 2600);
    browser.developer("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    browser.settle();
    let is_there = |selector: &str| {
        browser.run(&format!("return document.querySelector({selector:?}).getClientRects().length > 0"))
    };
    assert_eq!(
        (is_there(".tools"), is_there("#scrub"), is_there("#copy")),
        (false.into(), false.into(), false.into())
    );
    assert_eq!(
        (is_there("#spacetime"), is_there("#inspector"), is_there("#list tr.here")),
        (true.into(), true.into(), true.into())
    );
    picture(&browser, "print.png");
    browser.developer("Emulation.setEmulatedMedia", json!({ "media": "" }));
    browser.developer("Emulation.setEmulatedVisionDeficiency", json!({ "type": "achromatopsia" }));
    browser.click("#help-button");
    picture(&browser, "grey.png");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Without a script the verdict and the first events are there.
#[test]
fn a_reader_without_a_script_can_read() {
    let Some(browser) = Browser::start() else { return };
    let source = stale_read();
    let file = written("plain.html", &source.page(&source.stories(), &[]));
    browser.developer("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.load(&file, "");
    assert!(browser.shows("#verdict").starts_with("raft: n0 lets read"), "{}", browser.shows("#verdict"));
    assert!(browser.shows("details[open] tbody tr:nth-child(300)").starts_with("300 "));
    assert!(!browser.is_displayed("#live") && !browser.is_displayed("#operations-section"));
    picture(&browser, "plain.png");
}

/// Ten thousand events of three protocols: small enough to send, and scrubbed without a visible pause.
#[test]
fn ten_thousand_events_scrub_without_a_pause() {
    let source = long_run();
    let stories = source.stories();
    assert!(stories.iter().all(|story| 10_000 < story.events.len()), "the runs are longer than a page shows");
    let html = source.page(&stories, &[]);
    println!("the page has {} bytes", html.len());
    assert!(html.len() <= 5_000_000, "{} bytes", html.len());
    let Some(browser) = Browser::start() else { return };
    let file = written("long.html", &html);
    browser.resize(1280, 900);
    browser.open(&file, "");
    assert!(browser.text(".notice").contains("10000 of "), "the cut is said loudly");
    for (view, click) in [("near", ""), ("whole", "#whole")] {
        if !click.is_empty() {
            browser.click(click);
        }
        let times = browser.run_until_done(SCRUB);
        let mut times: Vec<f64> =
            times.as_array().expect("times").iter().filter_map(|time| time.as_f64()).collect();
        times.sort_by(f64::total_cmp);
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!("a scrub step in the {view} view: median {median:.1} ms, worst {worst:.1} ms");
        assert!(median < 250.0, "a scrub step takes {median} ms");
    }
    picture(&browser, "whole-1280.png");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Moves the slider to fifty places, and takes the time from each move until what it asks for is drawn. (The next frame
/// is waited for, but not its turn: only what the page does is timed.)
const SCRUB: &str = r#"
    const slider = document.getElementById("scrub"), times = [];
    const move = (step) => {
        if (step === 50) { done(times); return; }
        slider.value = Math.floor((step * 7919) % Number(slider.max));
        const began = performance.now();
        slider.dispatchEvent(new Event("input"));
        // Our callback comes after the page's own, in the same frame.
        requestAnimationFrame((frame) => { times.push(performance.now() - Math.max(frame, began)); move(step + 1); });
    };
    move(0);
"#;
