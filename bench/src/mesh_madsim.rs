//! The mesh in madsim: five nodes, an endpoint each, and a loop that answers.
//!
//! madsim puts a short sleep before every send and after every receive, and no sleep of its is shorter than one
//! millisecond. So its mesh needs more simulated time for a message than ours. What is counted is CPU time, and that
//! does not depend on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madsim::Config;
use madsim::net::{Endpoint, NetSim};
use madsim::runtime::Runtime;
use madsim::time::sleep;

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};
use crate::workload::{LATENCY_MAX, LATENCY_MIN, MESH_NODES, PING, PING_BYTES, PONG};

#[cfg(not(madsim))]
compile_error!(
    "without `--cfg madsim` the crate madsim is plain tokio: build inside bench/, where .cargo/config.toml sets it, \
     and with RUSTFLAGS unset"
);

/// Simulated time of one run.
const SPAN: Duration = Duration::from_secs(5);
/// The one port; nodes differ in their addresses.
const PORT: u16 = 700;
/// The one tag of all datagrams.
const TAG: u64 = 0;

/// `madsim` 0.2, loss configured (at zero, so that it is drawn) and no fault injected.
pub struct Madsim;

impl Contestant for Madsim {
    fn name(&self) -> String {
        "madsim".into()
    }

    fn group(&self) -> Group {
        Group::Mesh
    }

    fn against(&self) -> Option<Against> {
        None
    }

    fn run(&self) -> Measure {
        let mut config = Config::default();
        config.net.packet_loss_rate = 0.0;
        config.net.send_latency = LATENCY_MIN..LATENCY_MAX;
        let runtime = Runtime::with_seed_and_config(1, config);
        let delivered = Arc::new(AtomicU64::new(0));
        for node in 0..MESH_NODES {
            let delivered = delivered.clone();
            runtime
                .create_node()
                .ip(address(node).parse().expect("a literal address"))
                .init(move || ping_all_and_answer(node, delivered.clone()))
                .build();
        }
        let clock = CpuClock::start();
        let sent = runtime.block_on(async {
            sleep(SPAN).await;
            madsim::plugin::simulator::<NetSim>().stat().msg_count
        });
        let cpu = clock.elapsed();
        let delivered = delivered.load(Ordering::Relaxed);
        // All but the few still in flight arrived.
        assert!(delivered <= sent);
        assert!(sent <= delivered + 2 * (MESH_NODES * MESH_NODES) as u64);
        Measure { units: delivered, messages: delivered, cpu }
    }
}

/// A node: one ping to each other node, then a pong for every ping and a ping for every pong.
async fn ping_all_and_answer(node: usize, delivered: Arc<AtomicU64>) {
    let endpoint = Endpoint::bind((address(node).as_str(), PORT)).await.expect("the port is free");
    // Whoever sends before the other has bound loses its ping: let all bind.
    sleep(Duration::from_millis(1)).await;
    let mut bytes = [0; PING_BYTES];
    bytes[0] = PING;
    for peer in (0..MESH_NODES).filter(|&peer| peer != node) {
        let peer = address(peer);
        endpoint.send_to((peer.as_str(), PORT), TAG, &bytes).await.expect("the simulated network takes it");
    }
    loop {
        let (length, from) = endpoint.recv_from(TAG, &mut bytes).await.expect("the node is up");
        assert_eq!(length, PING_BYTES);
        delivered.fetch_add(1, Ordering::Relaxed);
        bytes[0] = if bytes[0] == PING { PONG } else { PING };
        endpoint.send_to(from, TAG, &bytes).await.expect("the simulated network takes it");
    }
}

/// The address of a node.
fn address(node: usize) -> String {
    format!("10.0.0.{}", node + 1)
}
