//! A camera that exposes a frame only when a viewer waits for one, beside a camera that does not
//! ask.
//!
//! ```text
//! cargo run --example latest_frame
//! ```
//!
//! Both hand the same number of frames to the same slow viewer. The eager camera exposes the next
//! frame as soon as the last one was taken. That frame then grows old while the viewer draws, and
//! the very last one is exposed for nobody. The other camera waits on `wanted()`: each of its frames
//! shows the scene as it is when the viewer looks, and none is wasted.
//!
//! The exit code is non-zero if that is not so.

use async_io::Timer;
use futures_lite::future::block_on;
use handoff::{channel, Receiver, Sender};
use std::fmt;
use std::io::{self, Write};
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

const FRAMES: u32 = 40;
/// How long the viewer takes for one frame.
const DRAWING: Duration = Duration::from_millis(10);

/// What there is to see. It changes all the time; it is enough to count the changes.
#[derive(Default)]
struct Scene(AtomicU32);

/// The scene as it was when the shutter clicked.
struct Frame(u32);

impl Scene {
    fn expose(&self) -> Frame {
        Frame(self.0.load(Ordering::SeqCst))
    }

    fn change(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn is_on(&self, frame: &Frame) -> bool {
        self.0.load(Ordering::SeqCst) == frame.0
    }
}

/// Exposes, and then looks for somebody to take the frame.
fn eager(mut frames: Sender<Frame>, scene: &Scene) -> u32 {
    let mut exposed = 0;
    loop {
        let frame = scene.expose();
        exposed += 1;
        if frames.send(frame).wait().is_err() {
            return exposed;
        }
    }
}

/// Exposes when somebody is waiting for a frame, and not before.
fn on_demand(mut frames: Sender<Frame>, scene: &Scene) -> u32 {
    let mut exposed = 0;
    while frames.wanted().wait() {
        let frame = scene.expose();
        exposed += 1;
        if frames.send(frame).wait().is_err() {
            break;
        }
    }
    exposed
}

/// Looks at some frames and goes. Returns how many showed what was no longer so.
async fn view(mut frames: Receiver<Frame>, scene: &Scene) -> u32 {
    let mut stale = 0;
    for _ in 0..FRAMES {
        let frame = frames.recv().await.expect("a camera that runs");
        stale += u32::from(!scene.is_on(&frame));
        Timer::after(DRAWING).await;
        scene.change();
    }
    stale
}

/// One camera on its thread, before the viewer. Returns the exposed and the stale frames.
fn shoot(name: &str, camera: fn(Sender<Frame>, &Scene) -> u32) -> (u32, u32) {
    let scene = Scene::default();
    let (sender, receiver) = channel();
    let (exposed, stale) = thread::scope(|scope| {
        let camera = scope.spawn(|| camera(sender, &scene));
        let stale = block_on(view(receiver, &scene));
        (camera.join().expect("a camera does not panic"), stale)
    });
    let wasted = exposed - FRAMES;
    say(format_args!(
        "{name:9}  {exposed:7}  {FRAMES:5}  {wasted:6}  {stale:5}"
    ));
    (exposed, stale)
}

fn main() -> ExitCode {
    say(format_args!("camera     exposed  shown  wasted  stale"));
    let eager = shoot("eager", eager);
    let on_demand = shoot("on demand", on_demand);

    if on_demand == (FRAMES, 0) && eager.0 == FRAMES + 1 && eager.1 > 0 {
        say(format_args!(
            "on demand, each frame was of the moment, and none was made for nobody"
        ));
        ExitCode::SUCCESS
    } else {
        let _ = writeln!(io::stderr(), "the cameras were not as they should be");
        ExitCode::FAILURE
    }
}

/// Prints a line. If nobody reads it any more, as in `| head -1`, the program ends quietly.
fn say(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout(), "{line}").is_err() {
        process::exit(0);
    }
}
