//! Work on several threads whose results do not depend on them: every item is worked on alone, and results come back
//! in the order of the items.

/// Below this many operations a second thread costs more than it saves.
const OPERATIONS_MIN: usize = 2_000;

/// One thread, or a pool.
#[derive(Debug)]
pub(crate) struct Threads {
    #[cfg(feature = "threads")]
    pool: Option<rayon::ThreadPool>,
}

impl Threads {
    /// `threads` of them, or one a core for zero; one for a history of few operations.
    #[cfg(feature = "threads")]
    pub(crate) fn new(threads: usize, operations: usize) -> Threads {
        if threads == 1 || operations < OPERATIONS_MIN {
            return Threads { pool: None };
        }
        // Without threads to be had, one has to do.
        Threads { pool: rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok() }
    }

    /// One thread: this build has no other.
    #[cfg(not(feature = "threads"))]
    pub(crate) fn new(_threads: usize, _operations: usize) -> Threads {
        let _ = OPERATIONS_MIN;
        Threads {}
    }

    /// Turns each item into a result.
    pub(crate) fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
        #[cfg(feature = "threads")]
        if let Some(pool) = &self.pool {
            use rayon::prelude::*;
            return pool.install(|| items.into_par_iter().map(work).collect());
        }
        items.into_iter().map(work).collect()
    }

    /// Works on each item.
    pub(crate) fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(&mut T) + Sync + Send) {
        #[cfg(feature = "threads")]
        if let Some(pool) = &self.pool {
            use rayon::prelude::*;
            return pool.install(|| items.par_iter_mut().for_each(work));
        }
        items.iter_mut().for_each(work);
    }
}
