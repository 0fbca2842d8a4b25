//! Counts instructions for each item, on one thread, with `valgrind --tool=callgrind`. The counts are the same each
//! time, so they tell a change of some instructions that no clock would see.
//!
//! ```text
//! cargo compare --bin instructions              # the table
//! cargo compare --bin instructions -- zip       # one scenario; its profile is kept
//! ```
//!
//! Each scenario is run with 20,000 items and with 40,000 (in a process of its own), and the difference is divided by
//! 20,000. So the start of the process does not count.

use futures_lite::future::{block_on, poll_once, zip};
use futures_lite::StreamExt;
use handoff::{channel, Offer};
use std::env;
use std::hint::black_box;
use std::process::{Command, ExitCode};

const ITEMS: usize = 20_000;

/// An item of one word, or of 4 KiB.
trait Item: Copy {
    fn new(number: usize) -> Self;
}

impl Item for usize {
    fn new(number: usize) -> Self {
        number
    }
}

impl Item for [u8; 4096] {
    fn new(number: usize) -> Self {
        [number as u8; 4096]
    }
}

/// Hands over so many items.
type Scenario = fn(usize);

fn scenarios<T: Item>() -> [(&'static str, Scenario); 9] {
    [
        ("zip", zip_both::<T>),
        ("stream", stream::<T>),
        ("offer + accept", offer_and_accept::<T>),
        ("ready wait()", ready_wait::<T>),
        ("try_recv", try_recv::<T>),
        ("try_send", try_send::<T>),
        ("cancelled pair", cancelled::<T>),
        ("create + 1 + drop", create_and_drop::<T>),
        ("until", until::<T>),
    ]
}

fn zip_both<T: Item>(items: usize) {
    let (mut sender, mut receiver) = channel();
    let send = async move {
        for i in 0..items {
            assert!(sender.send(T::new(i)).await.is_ok());
        }
    };
    let receive = async move {
        while let Some(item) = receiver.recv().await {
            black_box(&item);
        }
    };
    block_on(zip(send, receive));
}

fn stream<T: Item>(items: usize) {
    let (mut sender, mut receiver) = channel();
    let send = async move {
        for i in 0..items {
            assert!(sender.send(T::new(i)).await.is_ok());
        }
    };
    let receive = async move {
        while let Some(item) = receiver.next().await {
            black_box(&item);
        }
    };
    block_on(zip(send, receive));
}

fn offer_and_accept<T: Item>(items: usize) {
    let (mut sender, mut receiver) = channel();
    let send = async move {
        for i in 0..items {
            assert!(sender.send(T::new(i)).await.is_ok());
        }
    };
    let receive = async move {
        while let Some(offer) = receiver.next_offer().await {
            black_box(&Offer::accept(offer));
        }
    };
    block_on(zip(send, receive));
}

/// Both ends wait for what is there already.
fn ready_wait<T: Item>(items: usize) {
    let (mut sender, mut receiver) = channel();
    block_on(async {
        for i in 0..items {
            let mut send = sender.send(T::new(i));
            assert!(poll_once(&mut send).await.is_none());
            black_box(&receiver.recv().wait());
            assert!(send.wait().is_ok());
        }
    });
}

fn try_recv<T: Item>(items: usize) {
    let (mut sender, mut receiver) = channel();
    block_on(async {
        for i in 0..items {
            let mut send = sender.send(T::new(i));
            assert!(poll_once(&mut send).await.is_none());
            black_box(&receiver.try_recv());
            assert!(send.await.is_ok());
        }
    });
}

fn try_send<T: Item>(items: usize) {
    let (mut sender, mut receiver) = channel();
    block_on(async {
        for i in 0..items {
            let mut recv = receiver.recv();
            assert!(poll_once(&mut recv).await.is_none());
            assert!(sender.try_send(T::new(i)).is_ok());
            black_box(&recv.await);
        }
    });
}

fn cancelled<T: Item>(items: usize) {
    let (mut sender, mut receiver) = channel();
    block_on(async {
        for i in 0..items {
            assert!(poll_once(sender.send(T::new(i))).await.is_none());
            black_box(&sender.reclaim());
            assert!(poll_once(receiver.recv()).await.is_none());
        }
    });
}

fn create_and_drop<T: Item>(items: usize) {
    block_on(async {
        for i in 0..items {
            let (mut sender, mut receiver) = channel();
            let mut recv = receiver.recv();
            assert!(poll_once(&mut recv).await.is_none());
            let (sent, item) = zip(sender.send(T::new(i)), recv).await;
            assert!(sent.is_ok());
            black_box(&item);
        }
    });
}

/// As `zip`, but each send has a limit, which does not come.
fn until<T: Item>(items: usize) {
    let (mut sender, mut receiver) = channel();
    let send = async move {
        for i in 0..items {
            let limit = std::future::pending::<()>();
            assert!(sender.send(T::new(i)).until(limit).await.is_ok());
        }
    };
    let receive = async move {
        while let Some(item) = receiver.recv().await {
            black_box(&item);
        }
    };
    block_on(zip(send, receive));
}

/// What callgrind counts for a run of so many items.
fn count(name: &str, size: &str, items: usize, profile: &str) -> Option<u64> {
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            &format!("--callgrind-out-file={profile}"),
        ])
        .arg(env::current_exe().ok()?)
        .args(["--run", name, size, &items.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected : "))?;
    collected.1.trim().parse().ok()
}

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    if let [run, name, size, items] = &args[..] {
        assert_eq!(run, "--run");
        let table = if size == "word" {
            scenarios::<usize>()
        } else {
            scenarios::<[u8; 4096]>()
        };
        let scenario = table.iter().find(|it| it.0 == name).expect("a scenario");
        scenario.1(items.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    let only = args.first();
    let profile = if only.is_some() {
        "callgrind.out"
    } else {
        "/dev/null"
    };
    println!("| instructions an item | one word | 4 KiB |");
    println!("|----------------------|---------:|------:|");
    for (name, _) in scenarios::<usize>() {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let of = |size| {
            let less = count(name, size, ITEMS, profile)?;
            let more = count(name, size, 2 * ITEMS, profile)?;
            Some((more - less) / ITEMS as u64)
        };
        let (Some(word), Some(page)) = (of("word"), of("page")) else {
            eprintln!("valgrind does not run");
            return ExitCode::FAILURE;
        };
        println!("| {name} | {word} | {page} |");
    }
    ExitCode::SUCCESS
}
