//! Panics: always a bug in Quorate. They are caught where a run starts, so that one bad seed of a sweep is a line of
//! its result and not its end.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// What the newest panic of this thread said, and where. Written by the hook, taken by [`catch`].
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Makes panics silent: [`catch`] reports them.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| {
        let said = info.payload_as_str().unwrap_or("a panic without words");
        let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
        LAST.with_borrow_mut(|last| *last = format!("{said}{place}"));
    }));
}

/// Runs `work`; `Err` is what it said when it panicked.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // What `work` leaves half-changed is dropped with it: nothing outside is touched by a run.
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| LAST.with_borrow_mut(std::mem::take))
}

/// The report of a bug: what happened, and how to see it again.
pub(crate) fn report(message: &str, reproduce: &str) -> String {
    format!("{message}\nthis is a bug in Quorate; please report it with this line:\n  {reproduce}")
}
