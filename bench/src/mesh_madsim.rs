//! The mesh in madsim: five nodes, an endpoint each, and a loop that answers.
//!
//! Over datagrams madsim puts a short sleep before every send and after every receive, and no sleep of its is shorter
//! than one millisecond. So its mesh needs more simulated time for a message than ours. What is counted is CPU time;
//! but the sleeps cost that, too, and a stream has only one of them a message. Both are measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madsim::Config;
use madsim::net::{Endpoint, NetSim, TcpListener, TcpStream};
use madsim::runtime::Runtime;
use madsim::time::sleep;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

/// What the messages travel over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams, which may be lost.
    Datagram,
    /// A stream for each pair of nodes.
    Stream,
}

/// `madsim` 0.2, loss configured (at zero, so that it is drawn) and no fault injected.
pub struct Madsim {
    /// What the messages travel over.
    pub transport: Transport,
}

impl Contestant for Madsim {
    fn name(&self) -> String {
        match self.transport {
            Transport::Datagram => "madsim".into(),
            Transport::Stream => "madsim/stream".into(),
        }
    }

    fn group(&self) -> Group {
        Group::Mesh
    }

    fn against(&self) -> Vec<Against> {
        match self.transport {
            Transport::Datagram => Vec::new(),
            Transport::Stream => vec![Against::of("madsim")],
        }
    }

    fn run(&self) -> Measure {
        let mut config = Config::default();
        config.net.packet_loss_rate = 0.0;
        config.net.send_latency = LATENCY_MIN..LATENCY_MAX;
        let runtime = Runtime::with_seed_and_config(1, config);
        let delivered = Arc::new(AtomicU64::new(0));
        for node in 0..MESH_NODES {
            let delivered = delivered.clone();
            let builder = runtime.create_node().ip(address(node).parse().expect("a literal address"));
            match self.transport {
                Transport::Datagram => builder.init(move || over_datagrams(node, delivered.clone())),
                Transport::Stream => builder.init(move || over_streams(node, delivered.clone())),
            }
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

/// A node with one socket: one ping to each other node, then a pong for every ping and a ping for every pong.
async fn over_datagrams(node: usize, delivered: Arc<AtomicU64>) {
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

/// A node with a stream to each other node: the same pings and pongs.
async fn over_streams(node: usize, delivered: Arc<AtomicU64>) {
    let listener = TcpListener::bind((address(node).as_str(), PORT)).await.expect("the port is free");
    // Let all bind before anyone connects.
    sleep(Duration::from_millis(1)).await;
    for peer in 0..node {
        let peer = address(peer);
        let stream = TcpStream::connect((peer.as_str(), PORT)).await.expect("the peer listens");
        madsim::task::spawn(ping_and_answer(stream, delivered.clone()));
    }
    for _ in node + 1..MESH_NODES {
        let (stream, _) = listener.accept().await.expect("the node is up");
        madsim::task::spawn(ping_and_answer(stream, delivered.clone()));
    }
    // The streams live as long as their node.
    std::future::pending().await
}

/// One end of a stream: one ping, then a pong for every ping and a ping for every pong.
async fn ping_and_answer(mut stream: TcpStream, delivered: Arc<AtomicU64>) {
    let mut bytes = [0; PING_BYTES];
    bytes[0] = PING;
    loop {
        stream.write_all(&bytes).await.expect("the peer is up");
        stream.flush().await.expect("the peer is up");
        stream.read_exact(&mut bytes).await.expect("the peer is up");
        delivered.fetch_add(1, Ordering::Relaxed);
        bytes[0] = if bytes[0] == PING { PONG } else { PING };
    }
}

/// The address of a node.
fn address(node: usize) -> String {
    format!("10.0.0.{}", node + 1)
}
