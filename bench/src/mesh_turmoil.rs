//! The mesh in turmoil: five hosts, a UDP socket each, and a loop that answers.
//!
//! turmoil moves time in ticks and polls every host in every one. With its default tick of one millisecond every
//! latency of the mesh ends at the next tick, whatever was drawn; with a tick of 100 µs the draws have an effect, and
//! more ticks are paid for. Both are measured: the coarse one is turmoil at its fastest, the fine one is the mesh.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use turmoil::net::UdpSocket;

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};
use crate::workload::{LATENCY_MAX, LATENCY_MIN, MESH_NODES, PING, PING_BYTES, PONG};

/// Simulated time of one run.
const SPAN: Duration = Duration::from_millis(500);
/// The one port; hosts differ in their addresses.
const PORT: u16 = 700;

/// `turmoil` 0.7, loss configured (at zero, so that it is drawn) and no fault injected.
pub struct Turmoil {
    /// How far time moves in one step.
    pub tick: Duration,
}

impl Contestant for Turmoil {
    fn name(&self) -> String {
        format!("turmoil/tick-{:?}", self.tick).replace('µ', "u")
    }

    fn group(&self) -> Group {
        Group::Mesh
    }

    fn against(&self) -> Option<Against> {
        Some(Against { name: "madsim".into(), reach: None, aim: None })
    }

    fn run(&self) -> Measure {
        let mut sim = turmoil::Builder::new()
            .rng_seed(1)
            .tick_duration(self.tick)
            .simulation_duration(2 * SPAN)
            .min_message_latency(LATENCY_MIN)
            .max_message_latency(LATENCY_MAX)
            .fail_rate(0.0)
            .build();
        let delivered = Rc::new(Cell::new(0));
        for node in 0..MESH_NODES {
            let delivered = delivered.clone();
            sim.host(name(node), move || ping_all_and_answer(node, delivered.clone()));
        }
        let clock = CpuClock::start();
        while sim.elapsed() < SPAN {
            // Without clients a simulation calls itself finished from the start; hosts run all the same.
            sim.step().expect("no host fails");
        }
        let cpu = clock.elapsed();
        let delivered = delivered.get();
        assert!(0 < delivered);
        Measure { units: delivered, messages: delivered, cpu }
    }
}

/// A host: one ping to each other host, then a pong for every ping and a ping for every pong.
async fn ping_all_and_answer(node: usize, delivered: Rc<Cell<u64>>) -> turmoil::Result {
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    let mut bytes = [0; PING_BYTES];
    bytes[0] = PING;
    // Whoever sends before the other has bound loses its ping: let all bind.
    tokio::time::sleep(Duration::from_millis(2)).await;
    for peer in (0..MESH_NODES).filter(|&peer| peer != node) {
        let peer = SocketAddr::new(turmoil::lookup(name(peer)), PORT);
        socket.send_to(&bytes, peer).await?;
    }
    loop {
        let (length, from) = socket.recv_from(&mut bytes).await?;
        assert_eq!(length, PING_BYTES);
        delivered.set(delivered.get() + 1);
        bytes[0] = if bytes[0] == PING { PONG } else { PING };
        socket.send_to(&bytes, from).await?;
    }
}

/// The name of a host.
fn name(node: usize) -> String {
    format!("node{node}")
}
