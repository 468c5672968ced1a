//! The tests of everything together, in one binary.

/// `quorate check`: verdicts, exit codes, errors.
mod check;
/// The command as a process: streams, exit codes, help, errors.
mod cli;
/// Comparisons: the same bytes, the files, what is refused.
mod compare;
/// The page of measured differences.
mod contrast;
/// One fingerprint a plan and protocol, whatever is watched, cloned or run beside; golden files.
mod determinism;
/// Small clusters driven message by message, and exactly what happens.
mod dialogues;
/// `quorate export`: every format, verdicts of histories, errors.
mod export;
/// Leases: good within their bound of drift, and broken beyond it.
mod leases;
/// What reports are drawn from agrees with what it is about.
mod measures;
/// Rules left out, waits dropped, claims forged: every judge is seen to fail, and to keep silent where it must.
mod mutants;
/// Runs that stop at the first answer that cannot be placed.
mod stopped;
/// Runs and sweeps of real scenarios.
mod sweep;
/// The rules of this repository.
mod tidy;
/// `quorate trace`: golden pages, filters, broken files.
mod trace;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// What a command said and how it ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        let text = |bytes| String::from_utf8(bytes).expect("both streams are UTF-8");
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs the command at the top of the workspace, with no terminal and no color.
fn quorate(arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("NO_COLOR")
        .args(arguments)
        .stdin(Stdio::null());
    command.output().expect("the command starts").into()
}

/// A folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    // Left from an earlier run, if it is there.
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("the folder can be made");
    path
}
