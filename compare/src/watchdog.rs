//! Ends the process, and says why, when a contender hangs. A thread in a channel that never wakes
//! it cannot be stopped from outside, so this is all that can be done; but a run that stops with a
//! name beats one that stands still.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What is being watched: its name, and until when it may take.
type Watched = Option<(String, Instant)>;

/// The watchdog. Watches from [`start`](Self::start) until the process ends.
#[derive(Debug)]
pub struct Watchdog {
    watched: Arc<Mutex<Watched>>,
    limit: Duration,
}

impl Watchdog {
    /// Starts it.
    #[must_use]
    pub fn start(limit: Duration) -> Self {
        let watched = Arc::new(Mutex::new(Watched::None));
        let eyes = Arc::clone(&watched);
        thread::spawn(move || loop {
            thread::sleep(Duration::from_millis(500));
            let overdue = match &*eyes.lock().unwrap_or_else(PoisonError::into_inner) {
                Some((name, deadline)) if *deadline < Instant::now() => Some(name.clone()),
                _ => None,
            };
            if let Some(name) = overdue {
                eprintln!(
                    "\n{name} has not come back for {limit:?}: it hangs, and the run ends here."
                );
                std::process::exit(3);
            }
        });
        Self { watched, limit }
    }

    /// Runs `work` under watch.
    pub fn watch<R>(&self, name: &str, work: impl FnOnce() -> R) -> R {
        self.set(Some((name.to_owned(), Instant::now() + self.limit)));
        let result = work();
        self.set(None);
        result
    }

    fn set(&self, watched: Watched) {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = watched;
    }
}
