//! What every drawing has to be: valid XML, the same twice, with a legend beside the data, whatever the data.

use super::layout::Layout;
use super::*;

fn axis(name: &str, unit: &str, scale: Scale) -> Axis {
    Axis { name: name.to_owned(), unit: unit.to_owned(), scale, ..Axis::default() }
}

fn series(name: &str, ink: usize, shape: Shape, points: &[(f64, f64)]) -> Series {
    let intervals = points.iter().map(|(_, y)| (y * 0.8, y * 1.15)).collect();
    Series { name: name.to_owned(), ink: Ink(ink), shape, points: points.to_vec(), intervals }
}

/// One chart of every kind, each with all that it can have.
fn charts() -> Vec<(&'static str, Chart)> {
    let wave = |shift: f64| {
        (0..60).map(move |i| (f64::from(i) * 0.1, 50.0 + 40.0 * libm::sin(f64::from(i) * 0.2 + shift)))
    };
    let lines = Chart {
        title: "Throughput over time, with <faults> & \"marks\"".to_owned(),
        description: "Three lines that fall when the leader's machine fails & rise again.".to_owned(),
        x: axis("time", "s", Scale::Linear),
        y: axis("operations answered", "1/s", Scale::Linear),
        series: vec![
            series("paxos", 0, Shape::Line, &wave(0.0).collect::<Vec<_>>()),
            series("zab", 1, Shape::Line, &wave(1.0).collect::<Vec<_>>()),
            series("raft", 2, Shape::Line, &wave(2.0).collect::<Vec<_>>()),
        ],
        bands: vec![Band { from: 1.0, to: 2.5, number: 1 }, Band { from: 4.0, to: 4.1, number: 3 }],
        marks: vec![
            Mark { at: 1.0, number: 1, text: "the leader crashes".to_owned() },
            Mark {
                at: 1.05,
                number: 2,
                text: "nodes 1 and 2 | nodes 3, 4 and 5 are cut from each other for a long while".to_owned(),
            },
        ],
        levels: vec![(95.0, "offered load".to_owned())],
        ..Chart::default()
    };
    let steps = |scale: f64| {
        (0..40).map(move |i| (scale * 1.2f64.powi(i), f64::from(i + 1) / 40.0)).collect::<Vec<_>>()
    };
    let cdf = Chart {
        title: "Latency, cumulative".to_owned(),
        x: axis("latency", "ms", Scale::Log),
        y: Axis { range: Some((0.0, 1.0)), ..axis("share of operations", "", Scale::Linear) },
        series: vec![
            series("paxos", 0, Shape::Steps, &steps(2.0)),
            series("zab", 1, Shape::Steps, &steps(3.0)),
            Series {
                intervals: vec![],
                ..series("published", 6, Shape::Hollow, &[(10.0, 0.25), (300.0, 0.6)])
            },
        ],
        size: (400, 300),
        ..Chart::default()
    };
    let points = [(3.0, 21_000.0), (5.0, 18_000.0), (7.0, 14_000.0), (9.0, 12_000.0), (13.0, 8_000.0)];
    let marked = Chart {
        title: "Throughput against cluster size".to_owned(),
        x: axis("servers", "", Scale::Linear),
        y: axis("writes", "1/s", Scale::Linear),
        series: (0..8)
            .map(|i| {
                let points: Vec<_> = points.iter().map(|(x, y)| (*x, y * (1.0 - i as f64 * 0.1))).collect();
                series(&format!("ink {i}"), i, Shape::MarkedLine, &points)
            })
            .collect(),
        ..Chart::default()
    };
    let names = ["paxos", "zab", "raft"].map(str::to_owned).to_vec();
    let bars = Chart {
        title: "Time to a new leader".to_owned(),
        x: Axis { names: names.clone(), ..axis("protocol", "", Scale::Linear) },
        y: axis("time", "ms", Scale::Linear),
        series: vec![
            series("detect", 0, Shape::Bars, &[(0.0, 100.0), (1.0, 150.0), (2.0, 170.0)]),
            series("elect", 1, Shape::Bars, &[(0.0, 10.0), (1.0, 50.0), (2.0, 30.0)]),
            series("first commit", 2, Shape::Bars, &[(0.0, 20.0), (1.0, 35.0), (2.0, 8.0)]),
        ],
        size: (400, 300),
        ..Chart::default()
    };
    let stacked = Chart {
        title: "Messages a committed write".to_owned(),
        x: Axis { names, ..axis("protocol", "", Scale::Linear) },
        y: axis("messages", "", Scale::Linear),
        series: (0..8)
            .map(|i| {
                let points: Vec<_> =
                    (0..3).map(|x| (f64::from(x), 1.0 + f64::from((i + x as usize) as u32 % 3))).collect();
                Series { intervals: vec![], ..series(&format!("kind {i}"), i, Shape::Stacked, &points) }
            })
            .collect(),
        ..Chart::default()
    };
    vec![("lines", lines), ("cdf", cdf), ("marked", marked), ("bars", bars), ("stacked", stacked)]
}

fn matrices() -> Vec<(&'static str, Matrix)> {
    let tones = [Tone::Good, Tone::Fair, Tone::Bad, Tone::None, Tone::Amount(0.7)];
    let square = |text: &str, tone| Square { text: text.to_owned(), tone, link: "#run=1&at=2".to_owned() };
    let words = Matrix {
        title: "Partial connectivity".to_owned(),
        description: "What became of each protocol".to_owned(),
        x: Axis {
            names: vec![
                "paxos".into(),
                "zab".into(),
                "raft plain".into(),
                "raft PreVote".into(),
                "raft <PreVote & CheckQuorum>".into(),
            ],
            ..axis("protocol", "", Scale::Linear)
        },
        y: Axis {
            names: vec!["quorum-loss".into(), "chained".into()],
            ..axis("topology", "", Scale::Linear)
        },
        cells: vec![tones.map(|tone| square("recovered, down 3.2 detections", tone)).to_vec(); 2],
        ..Matrix::default()
    };
    let seeds = Matrix {
        title: "Verdicts".to_owned(),
        x: Axis { names: (0..200).map(|seed| seed.to_string()).collect(), ..axis("seed", "", Scale::Linear) },
        y: Axis {
            names: vec!["leader-crash, paxos".into(), "leader-crash, zab".into()],
            ..axis("scenario", "", Scale::Linear)
        },
        cells: (0..2).map(|row| (0..200).map(|seed| square("", tones[(seed + row) % 3])).collect()).collect(),
        ..Matrix::default()
    };
    vec![
        ("words", words),
        ("seeds", seeds),
        ("empty", Matrix { title: "Nothing".to_owned(), ..Matrix::default() }),
    ]
}

/// Writes every drawing where a person can look at it: `QUORATE_DRAWINGS=DIR cargo test -p quorate-reports drawn`.
#[test]
fn every_kind_is_drawn_as_valid_xml_with_a_title_and_a_description() {
    let charts = charts().into_iter().map(|(name, chart)| (name, chart.svg()));
    let matrices = matrices().into_iter().map(|(name, matrix)| (name, matrix.svg()));
    for (name, svg) in charts.chain(matrices) {
        let document =
            roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}\n{svg}"));
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"), "{name}");
        assert!(root.attribute("viewBox").is_some(), "{name}");
        let child =
            |tag: &str| root.children().find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", tag)));
        assert!(child("title").is_some_and(|title| title.text().is_some()), "{name}");
        assert!(child("desc").is_some(), "{name}");
        assert!(
            document.descendants().all(|node| node.attribute("id").is_none()),
            "{name}: ids clash in a page"
        );
        assert!(
            document.descendants().all(|node| node.attribute("style").is_none()),
            "{name}: a policy forbids it"
        );
        if let Ok(folder) = std::env::var("QUORATE_DRAWINGS") {
            std::fs::write(format!("{folder}/{name}.svg"), svg).unwrap();
        }
    }
}

#[test]
fn the_same_chart_gives_the_same_bytes() {
    for ((_, one), (_, two)) in charts().into_iter().zip(charts()) {
        assert_eq!(one.svg(), two.svg());
    }
}

#[test]
fn the_legend_covers_no_data_and_fits_on_the_sheet() {
    for (name, chart) in charts() {
        let layout = Layout::of(&chart);
        assert!(layout.plot.bottom < layout.legend.top, "{name}");
        assert!(layout.legend.bottom <= layout.size.1, "{name}");
        assert!(!layout.entries.is_empty(), "{name}");
        let right = |entry: &super::layout::Entry| {
            let widest = entry.text.iter().map(|line| canvas::width(line, 11.0)).fold(0.0, f64::max);
            entry.at.0 + layout::SWATCH + widest
        };
        assert!(layout.entries.iter().all(|entry| right(entry) <= layout.size.0), "{name}");
        let boxes: Vec<_> = layout.entries.iter().map(|entry| (entry.at, right(entry))).collect();
        for (place, (one, end)) in boxes.iter().enumerate() {
            assert!(
                boxes[place + 1..].iter().all(|(two, _)| two.1 > one.1 || two.0 > *end),
                "{name}: overlap"
            );
        }
    }
}

#[test]
fn texts_are_escaped_and_cleaned() {
    let title = "a < b & \"c\" > 'd' \u{1}\u{0} ]]>".to_owned();
    let svg = Chart { title, ..Chart::default() }.svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let title = document.descendants().find(|node| node.tag_name().name() == "title").unwrap();
    assert_eq!(title.text(), Some("a < b & \"c\" > 'd'  ]]>"));
}

#[test]
fn odd_data_is_drawn_too() {
    let odd: [&[(f64, f64)]; 8] = [
        &[],
        &[(1.0, 1.0)],
        &[(0.0, 0.0)],
        &[(5.0, 5.0), (5.0, 5.0)],
        &[(0.0, 0.0), (1.0, 0.0), (2.0, 5.0)],
        &[(f64::NAN, 1.0), (1.0, f64::INFINITY), (2.0, f64::NAN)],
        &[(-3.0, -1e300), (1e300, 1e-300)],
        &[(1e-12, 1e12), (1e12, 1e-12)],
    ];
    let shapes = [
        Shape::Line,
        Shape::MarkedLine,
        Shape::Steps,
        Shape::Points,
        Shape::Hollow,
        Shape::Bars,
        Shape::Stacked,
    ];
    for points in odd {
        for shape in shapes {
            for scale in [Scale::Linear, Scale::Log] {
                for range in [None, Some((0.0, 10.0)), Some((7.0, 7.0)), Some((f64::NAN, 1.0))] {
                    let axis = Axis { range, ..axis("value", "ms", scale) };
                    let chart = Chart {
                        x: axis.clone(),
                        y: axis,
                        series: vec![series("one", 0, shape, points)],
                        bands: vec![Band { from: f64::NAN, to: 3.0, number: 1 }],
                        marks: vec![Mark { at: f64::INFINITY, number: 2, text: "never".to_owned() }],
                        size: (1, 1),
                        ..Chart::default()
                    };
                    roxmltree::Document::parse(&chart.svg()).unwrap();
                }
            }
        }
    }
}

#[test]
fn a_chart_of_nothing_says_why() {
    let chart = Chart { nothing: "the scenario has no faults".to_owned(), ..Chart::default() };
    assert!(chart.svg().contains("Nothing to draw: the scenario has no faults"));
}
