//! P11. Create requests a second by one, ten and twenty workers, each waiting for its acknowledgment (ZooKeeper, ATC 2010,
//! table 2): a second check of how costs are calibrated, under a load that does not saturate at its low end.

use reports::figure::{Cell, Table};
use reports::plot::{Axis, Chart, Ink, Shape};

use super::draw::{axis, figure, panel, series};
use super::load::throughput;
use super::p5::title;
use super::row::{NEW, Row, SHAPE};
use super::runs::{scenario, trials};
use super::{Effort, Made};
use crate::engine::Protocol;

const WORKERS: [u32; 3] = [1, 10, 20];
/// Servers, and creates a second by so many workers.
const PUBLISHED: [(u8, [f64; 3]); 4] = [
    (3, [776.0, 2_074.0, 2_740.0]),
    (5, [748.0, 1_832.0, 2_336.0]),
    (7, [758.0, 1_572.0, 1_934.0]),
    (9, [711.0, 1_540.0, 1_890.0]),
];
/// One worker and twenty at five servers: where costs were calibrated.
const CALIBRATED: [(u8, u32); 2] = [(5, 1), (5, 20)];
/// Two rates of a saturated cluster are the same if they differ by less than this part.
const SAME: f64 = 0.02;

pub(super) fn make(_effort: Effort) -> Made {
    let mut rows = Vec::new();
    let mut data = Table::new(&["protocol", "servers", "workers", "creates_per_second", "published"]);
    let mut panels = Vec::new();
    for protocol in Protocol::ALL {
        let measured: Vec<[f64; 3]> = PUBLISHED
            .iter()
            .map(|&(servers, _)| WORKERS.map(|workers| rate(protocol, servers, workers)))
            .collect();
        for (&(servers, published), ours) in PUBLISHED.iter().zip(&measured) {
            for (place, workers) in WORKERS.into_iter().enumerate() {
                let is_zab = protocol == Protocol::Zab;
                let published = is_zab.then_some(published[place]);
                let name = protocol.name();
                data.push(vec![
                    name.into(),
                    u64::from(servers).into(),
                    u64::from(workers).into(),
                    ours[place].into(),
                    Cell::from(published),
                ]);
                if is_zab {
                    let is_calibrated = CALIBRATED.contains(&(servers, workers));
                    let why = if is_calibrated { "calibrated" } else { SHAPE };
                    let what = format!("zab, {servers} servers, {workers} workers");
                    rows.push(Row::free(what, "/s", published, ours[place], why));
                }
            }
        }
        shape(protocol, &measured, &mut rows);
        panels.push(panel(protocol.name(), &chart(protocol, &measured)));
    }
    let how = "From one worker to ten to twenty the rate grows, but less and less: one worker waits out the latency of every \
               write, many keep the leader busy. More servers cost little while the leader has time left, and much when \
               it has not. Costs are calibrated at five servers with one worker and with twenty; hollow marks are published \
               (Zab only). Ours saturates with ten workers already, the testbed of the paper only with more; and with three \
               servers our followers, who answer two thirds of the clients, are as busy as the leader.";
    let figures =
        vec![figure("p11-creates", "P11. Creates by one, ten and twenty workers", how, panels, data)];
    Made { figures, rows }
}

fn rate(protocol: Protocol, servers: u8, workers: u32) -> f64 {
    let (servers, workers) = (servers.to_string(), workers.to_string());
    let set = [("cluster.nodes", servers.as_str()), ("workload.clients", workers.as_str())];
    let runs = trials(&scenario("p11-creates", &set), protocol, 1, |_, run| throughput(&run.measures));
    runs[0]
}

/// What the table's shape is: asserted of Zab, and of the others on the same costs.
fn shape(protocol: Protocol, measured: &[[f64; 3]], rows: &mut Vec<Row>) {
    let name = protocol.name();
    // From ten workers to twenty ours is saturated already; it may not fall.
    let grows = measured.iter().all(|[one, ten, twenty]| one < ten && ten * (1.0 - SAME) <= *twenty);
    let less = measured.iter().all(|[one, ten, twenty]| ten / one < 10.0 && twenty / ten < 2.0);
    // With three servers it is not the leader that is busiest but its followers, who answer clients too.
    let falls = measured[1..].is_sorted_by(|fewer, more| fewer[2] > more[2]);
    let told = |is_true: bool| if is_true { "yes" } else { "no" };
    let band = format!("grows to 10 workers; no fall beyond {} % to 20", SAME * 100.0);
    rows.push(Row::holds(format!("{name}, rate by workers"), "grows", told(grows), band, grows));
    rows.push(Row::holds(
        format!("{name}, growth by workers"),
        "less than the workers",
        told(less),
        "less than the workers",
        less,
    ));
    rows.push(Row::holds(
        format!("{name}, 20 workers, 5 to 9 servers"),
        "falls",
        told(falls),
        "falls with every server",
        falls,
    ));
    let ratio = measured[3][2] / measured[0][2];
    let published = (protocol == Protocol::Zab).then_some(1_890.0 / 2_740.0);
    let why = if published.is_some() { SHAPE } else { NEW };
    rows.push(Row::free(format!("{name}, 9 servers by 3, 20 workers"), "", published, ratio, why));
}

fn chart(protocol: Protocol, measured: &[[f64; 3]]) -> Chart {
    let mut all = Vec::new();
    for (place, workers) in WORKERS.into_iter().enumerate() {
        let ours =
            PUBLISHED.iter().zip(measured).map(|(&(servers, _), rates)| (f64::from(servers), rates[place]));
        let name = if workers == 1 { "1 worker".to_string() } else { format!("{workers} workers") };
        all.push(series(&name, Ink(place), Shape::MarkedLine, ours.collect()));
        if protocol == Protocol::Zab {
            let published = PUBLISHED.iter().map(|&(servers, rates)| (f64::from(servers), rates[place]));
            all.push(series(&format!("{name}, published"), Ink(place), Shape::Hollow, published.collect()));
        }
    }
    Chart {
        title: title(protocol).to_string(),
        description: format!("Creates a second under {} on 3 to 9 servers.", title(protocol)),
        x: Axis { range: Some((2.0, 10.0)), ..axis("servers", "") },
        y: Axis { range: Some((0.0, 4_000.0)), ..axis("creates", "1/s") },
        series: all,
        ..Chart::default()
    }
}
