//! Panics: always a bug in Quorate. They are caught where a run starts, so that one bad seed of a sweep is a line of
//! its result and not its end.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// Where the newest panic of this thread was. Written by the hook, taken by [`catch`].
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Makes panics silent: [`catch`] reports them.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
        PLACE.set(place.unwrap_or_default());
    }));
}

/// Runs `work`; `Err` is what it said when it panicked, and where.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    PLACE.take();
    // What `work` leaves half-changed is dropped with it: nothing outside is touched by a run.
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| said(&*payload) + &PLACE.take())
}

/// The words of a panic.
fn said(payload: &(dyn Any + Send)) -> String {
    let words = payload.downcast_ref::<String>().map(String::as_str);
    words.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_string()
}

/// The report of a bug: what happened, and how to see it again.
pub(crate) fn report(message: &str, reproduce: &str) -> String {
    format!("{message}\nthis is a bug in Quorate; please report it with this line:\n  {reproduce}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_words() {
        assert_eq!(catch(|| 7), Ok(7));
        let said = catch(|| -> u8 { panic!("the commit index went back by {}", 3) });
        assert!(said.unwrap_err().starts_with("the commit index went back by 3"));
        assert!(report("x", "quorate run a.toml").ends_with("with this line:\n  quorate run a.toml"));
    }
}
