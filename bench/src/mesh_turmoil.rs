//! The mesh in turmoil: five hosts, a UDP socket each, and a loop that answers.
//!
//! turmoil moves time in ticks, polls every host in every one, and knows nothing finer than a millisecond: it draws
//! latencies in whole ones, and its runtimes sleep in whole ones, so that a shorter tick is as long as one. The
//! latencies of the mesh are below that, and every message would arrive at the next tick, whatever was drawn. So the
//! mesh is run ten times slower, where the draws have an effect: what is counted is CPU time, and simulated time is
//! free. The other row keeps the latencies as they are: no weather, and turmoil at its fastest.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use turmoil::net::UdpSocket;

use crate::clock::CpuClock;
use crate::harness::{Against, Contestant, Group, Measure};
use crate::workload::{LATENCY_MAX, LATENCY_MIN, MESH_NODES, PING, PING_BYTES, PONG};

/// Simulated time of one run with the latencies as they are; stretched with them.
const SPAN: Duration = Duration::from_millis(500);
/// How far time moves in one step: turmoil's default, and its resolution.
const TICK: Duration = Duration::from_millis(1);
/// The one port; hosts differ in their addresses.
const PORT: u16 = 700;

/// `turmoil` 0.7, loss configured (at zero, so that it is drawn) and no fault injected.
pub struct Turmoil {
    /// How many times longer than in the other meshes the latencies are.
    pub stretch: u32,
}

impl Contestant for Turmoil {
    fn name(&self) -> String {
        match self.stretch {
            1 => "turmoil/no-weather".into(),
            _ => "turmoil".into(),
        }
    }

    fn group(&self) -> Group {
        Group::Mesh
    }

    fn against(&self) -> Vec<Against> {
        vec![Against::of("madsim")]
    }

    fn run(&self) -> Measure {
        let span = SPAN * self.stretch;
        let mut sim = turmoil::Builder::new()
            .rng_seed(1)
            .tick_duration(TICK)
            .simulation_duration(2 * span)
            .min_message_latency(LATENCY_MIN * self.stretch)
            .max_message_latency(LATENCY_MAX * self.stretch)
            .fail_rate(0.0)
            .build();
        let delivered = Rc::new(Cell::new(0));
        for node in 0..MESH_NODES {
            let delivered = delivered.clone();
            sim.host(name(node), move || ping_all_and_answer(node, delivered.clone()));
        }
        let clock = CpuClock::start();
        while sim.elapsed() < span {
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
